using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Silo.Diagnostics;

namespace OrleansLM.Silo.Snapshots;

/// <summary>
/// Puts the state of sequences into the store and back. Nothing here is needed for a session to go on: whatever goes wrong is logged and counted, and the state is
/// computed from the log instead.
/// </summary>
public sealed partial class SessionSnapshots(ISnapshotStore store, IOptions<SnapshotOptions> options, SiloMetrics metrics, ILogger<SessionSnapshots> logger)
{
    /// <summary>Of parts that sessions of this silo have written.</summary>
    private long _partBytes;

    public SnapshotOptions Options { get; } = options.Value;

    public bool IsEnabled => Options.QuotaBytes > 0;

    /// <summary>Sessions that go on are written as well.</summary>
    public bool KeepsUp => IsEnabled && Options.KeepUpTokens > 0;

    /// <summary>Writes what a sequence has computed.</summary>
    /// <returns>Tokens whose state lies in the store then; 0 when it could not be written.</returns>
    public async Task<int> SaveAsync(SnapshotName name, IEngineSequence sequence, bool checkpoints)
    {
        try
        {
            await using var export = await sequence.ExportAsync(new StateExportOptions { Checkpoints = checkpoints });
            return await SaveAsync(name, export);
        }
        catch (EngineException failure)
        {
            LogNotSaved(failure, name.ToString(), failure.Message);
            return 0;
        }
    }

    /// <inheritdoc cref="SaveAsync(SnapshotName, IEngineSequence, bool)"/>
    public async Task<int> SaveAsync(SnapshotName name, IStateExport export)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await using var write = store.Begin(name, StateWriter.SizeOf(export));
            if (write is null)
            {
                LogTooLarge(name.ToString(), export.Header.TotalBytes, Options.QuotaBytes);
                return 0;
            }

            await StateWriter.WriteAsync(export, write.Stream);
            var bytes = write.Stream.Position;
            await write.CommitAsync();
            metrics.SnapshotWritten(bytes, Stopwatch.GetElapsedTime(began), store.UsedBytes);
            return export.Header.To;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or EngineException)
        {
            metrics.SnapshotFailed();
            LogNotSaved(failure, name.ToString(), failure.Message);
            return 0;
        }
    }

    /// <summary>Writes the whole pages that a sequence has computed from a position on.</summary>
    /// <returns>Null: it could not be written, or there is no room for it.</returns>
    internal async Task<SavedPart?> SavePartAsync(SnapshotName name, IEngineSequence sequence, int from)
    {
        try
        {
            await using var export = await sequence.ExportAsync(new StateExportOptions { From = from, WholePagesOnly = true, Checkpoints = false });
            var bytes = StateWriter.SizeOf(export);
            if (Interlocked.Read(ref _partBytes) + bytes > Options.QuotaBytes * Options.KeepUpShare || await SaveAsync(name, export) is not (> 0 and var tokens))
            {
                return null;
            }

            Interlocked.Add(ref _partBytes, bytes);
            return new SavedPart(tokens, bytes);
        }
        catch (EngineException failure)
        {
            LogNotSaved(failure, name.ToString(), failure.Message);
            return null;
        }
    }

    /// <summary>A part is removed, or the session has left this silo.</summary>
    internal void PartForgotten(long bytes) => Interlocked.Add(ref _partBytes, -bytes);

    /// <summary>Brings in what the store has of a sequence's first tokens, where it reaches further than what is computed.</summary>
    /// <returns>Tokens that are computed then.</returns>
    public async Task<int> LoadAsync(SnapshotName name, IEngineSequence sequence)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await using var stream = store.Open(name);
            if (stream is null)
            {
                return sequence.ComputedLength;
            }

            var source = await StateReader.OpenAsync(stream);
            var common = Common(source, sequence);
            var before = sequence.ComputedLength;
            if (common <= before)
            {
                return before;
            }

            var computed = await sequence.ImportAsync(source, upTo: common);
            if (computed > before)
            {
                metrics.SnapshotRead(stream.Position, Stopwatch.GetElapsedTime(began));
                LogWoken(name.ToString(), computed, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return computed;
        }
        catch (StateException refused)
        {
            Refused(name, refused);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or EngineException)
        {
            metrics.SnapshotFailed();
            LogNotLoaded(failure, name.ToString(), failure.Message);
        }

        return sequence.ComputedLength;
    }

    /// <summary>Whether a snapshot is there; it then counts as used.</summary>
    public bool IsThere(SnapshotName name)
    {
        try
        {
            return store.Touch(name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotLoaded(failure, name.ToString(), failure.Message);
            return false;
        }
    }

    /// <summary>Forgets a snapshot.</summary>
    public void Delete(SnapshotName name) => Try(() => store.Delete(name), name);

    /// <summary>Forgets what the store has of a session.</summary>
    public void DeleteSession(string sessionId) => Try(() => store.DeleteSession(sessionId), new SnapshotName(sessionId));

    private static int Common(StateReader source, IEngineSequence sequence) =>
        source.Tokens.Span.CommonPrefixLength(sequence.CopyTokens(0, Math.Min(sequence.Length, source.Header.To)));

    /// <summary>What is damaged is removed; what is of another model may be wanted again when that is back.</summary>
    private void Refused(SnapshotName name, StateException refused)
    {
        metrics.SnapshotRefused(refused.Fault);
        LogRefused(name.ToString(), refused.Fault, refused.Message);
        if (refused.Fault != StateFault.OtherModel)
        {
            Delete(name);
        }
    }

    private void Try(Action delete, SnapshotName name)
    {
        try
        {
            delete();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(failure, name.ToString());
        }
    }
}
