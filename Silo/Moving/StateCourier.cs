using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orleans;
using OrleansLM.Contracts.Grains;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Moving;

/// <summary>
/// Carries the computed state of a session to another silo while it goes on: the silo that it moves to fetches what is computed by then and keeps it ready. What
/// is computed meanwhile is computed again there. It only saves time: whatever goes wrong, the state is computed from the log.
/// </summary>
public sealed partial class StateCourier(ActiveSessions active, ModelRegistry models, ForkHandover handover, IGrainFactory grains, TimeProvider time, ILogger<StateCourier> logger)
{
    private const int ChunkBytes = 256 * 1024;
    private const int MaxRounds = 4;

    /// <summary>A part no longer than this was the last one: two pages.</summary>
    private const int SmallPartTokens = 128;

    private static readonly TimeSpan s_keptFor = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The state of a session of this silo from a position on, in chunks, as <see cref="StateWriter"/> writes it; empty when nothing is computed from there on.
    /// </summary>
    public async IAsyncEnumerable<byte[]> SendAsync(string sessionId, int from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var export = await OpenAsync(sessionId, from, cancellationToken);
        if (export is null)
        {
            yield break;
        }

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 8 * ChunkBytes, resumeWriterThreshold: 4 * ChunkBytes, useSynchronizationContext: false));
        var writing = Task.Run(() => WriteAsync(export, pipe.Writer, cancellationToken), cancellationToken);
        await using var reading = pipe.Reader.AsStream();
        var chunk = new byte[ChunkBytes];
        while (await reading.ReadAtLeastAsync(chunk, ChunkBytes, throwOnEndOfStream: false, cancellationToken) is > 0 and var count)
        {
            yield return chunk[..count];
        }

        await writing;
    }

    /// <summary>
    /// Fetches the state of a session that is about to come to this silo: first all of it, then what was computed meanwhile, until so little is left that computing
    /// it again is no longer than fetching it.
    /// </summary>
    /// <returns>Tokens whose state is ready here.</returns>
    public async Task<int> FetchAsync(string sessionId, string model, string source, CancellationToken cancellationToken)
    {
        var engine = models.Get(model).Engine;
        var arriving = new ArrivingState(engine);
        try
        {
            for (var round = 0; round < MaxRounds && await FetchPartAsync(arriving, sessionId, source, cancellationToken) > SmallPartTokens; round++)
            {
                // Each round takes less time than the one before, and so leaves less.
            }
        }
        catch (Exception failure) when (failure is StateException or EngineException or IOException)
        {
            LogNotFetched(failure, sessionId, source);
        }
        catch
        {
            await arriving.DisposeAsync();
            throw;
        }

        if (arriving.Take() is { } sequence)
        {
            Keep(sessionId, sequence);
            return sequence.ComputedLength;
        }

        return 0;
    }

    private async Task<IStateExport?> OpenAsync(string sessionId, int from, CancellationToken cancellationToken)
    {
        try
        {
            return active.SequenceOf(sessionId) is { } sequence && sequence.ComputedLength > from
                ? await sequence.ExportAsync(new StateExportOptions { From = from, WholePagesOnly = true }, cancellationToken)
                : null;
        }
        catch (EngineException failure) when (failure.Error == EngineError.InvalidArgument)
        {
            // Nothing but the beginning of a page.
            return null;
        }
    }

    /// <returns>How many tokens it brought.</returns>
    private async Task<int> FetchPartAsync(ArrivingState arriving, string sessionId, string source, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var chunks = grains.GetGrain<ISiloGrain>(source).ExportAsync(sessionId, arriving.NextFrom, cancellationToken);
        var receiving = Task.Run(() => ReceiveAsync(chunks, pipe.Writer, cancellationToken), cancellationToken);
        await using var stream = pipe.Reader.AsStream();
        var first = await pipe.Reader.ReadAsync(cancellationToken);
        pipe.Reader.AdvanceTo(first.Buffer.Start);
        if (first.Buffer.IsEmpty)
        {
            return 0;
        }

        var before = arriving.Length;
        await arriving.AddAsync(stream, cancellationToken);
        await receiving;
        return arriving.Length - before;
    }

    private static async Task WriteAsync(IStateExport export, PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await StateWriter.WriteAsync(export, writer.AsStream(leaveOpen: true), cancellationToken);
            await writer.CompleteAsync();
        }
        catch (Exception failure)
        {
            await writer.CompleteAsync(failure);
        }
    }

    private static async Task ReceiveAsync(IAsyncEnumerable<byte[]> chunks, PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var chunk in chunks.WithCancellation(cancellationToken))
            {
                await writer.WriteAsync(chunk, cancellationToken);
            }

            await writer.CompleteAsync();
        }
        catch (Exception failure)
        {
            await writer.CompleteAsync(failure is IOException ? failure : new IOException(failure.Message, failure));
        }
    }

    /// <summary>A session that does not come after all must not hold memory.</summary>
    private void Keep(string sessionId, IEngineSequence sequence)
    {
        handover.Offer(sessionId, sequence);
        _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await Task.Delay(s_keptFor, time);
            if (handover.TakeBack(sessionId, sequence))
            {
                await sequence.DisposeAsync();
            }
        }
    }

    [LoggerMessage(62, LogLevel.Warning, "The state of session {SessionId} could not be fetched from {Source}; it is computed from the log")]
    private partial void LogNotFetched(Exception failure, string sessionId, string source);
}
