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
    private static readonly TimeSpan s_keptFor = TimeSpan.FromMinutes(1);

    /// <summary>The state of a session of this silo in chunks, as <see cref="StateWriter"/> writes it; empty when it has none.</summary>
    public async IAsyncEnumerable<byte[]> SendAsync(string sessionId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (active.SequenceOf(sessionId) is not { ComputedLength: > 0 } sequence)
        {
            yield break;
        }

        await using var export = await sequence.ExportAsync(new StateExportOptions { WholePagesOnly = true }, cancellationToken);
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

    /// <summary>Fetches the state of a session that is about to come to this silo.</summary>
    /// <returns>Tokens whose state is ready here.</returns>
    public async Task<int> FetchAsync(string sessionId, string model, string source, CancellationToken cancellationToken)
    {
        var engine = models.Get(model).Engine;
        var pipe = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var receiving = Task.Run(() => ReceiveAsync(grains.GetGrain<ISiloGrain>(source).ExportAsync(sessionId, cancellationToken), pipe.Writer, cancellationToken), cancellationToken);
        IEngineSequence? sequence = null;
        try
        {
            await using var stream = pipe.Reader.AsStream();
            var state = await StateReader.OpenAsync(stream, cancellationToken);
            sequence = engine.CreateSequence(state.Tokens.Span[..state.Header.To]);
            var computed = await sequence.ImportAsync(state, cancellationToken: cancellationToken);
            await receiving;
            Keep(sessionId, sequence);
            return computed;
        }
        catch (Exception failure) when (failure is StateException or EngineException or IOException)
        {
            LogNotFetched(failure, sessionId, source);
            if (sequence is not null)
            {
                await sequence.DisposeAsync();
            }

            return 0;
        }
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
