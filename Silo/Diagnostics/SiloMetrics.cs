using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Silo.Diagnostics;

/// <summary>Every instrument and span of the silo.</summary>
public sealed class SiloMetrics
{
    public const string Name = "OrleansLM.Silo";

    private static readonly double[] Milliseconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
    private static readonly double[] TransferSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

    private readonly UpDownCounter<long> _activeSessions;
    private readonly Counter<long> _turnsStarted;
    private readonly Counter<long> _turnsEnded;
    private readonly Counter<long> _turnsInterrupted;
    private readonly Counter<long> _turnsResumed;
    private readonly Counter<long> _tokensRecomputed;
    private readonly Counter<long> _forks;
    private readonly Counter<long> _rollbacks;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _redirected;
    private readonly Counter<long> _tokensIn;
    private readonly Counter<long> _tokensOut;
    private readonly Histogram<double> _movePause;
    private readonly Histogram<double> _moveDuration;
    private readonly Counter<long> _moveCarried;
    private readonly Counter<long> _movesFailed;
    private readonly Counter<long> _linksLost;
    private readonly Counter<long> _linksRefused;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<int> _commitWrites;
    private readonly Counter<long> _writesRefused;

    private readonly Counter<long> _sleeps;
    private readonly Counter<long> _snapshotsWritten;
    private readonly Counter<long> _snapshotsRead;
    private readonly Counter<long> _snapshotsRefused;
    private readonly Counter<long> _snapshotsFailed;
    private readonly Counter<long> _snapshotBytesWritten;
    private readonly Counter<long> _snapshotBytesRead;
    private readonly Histogram<double> _snapshotWriteDuration;
    private readonly Histogram<double> _snapshotReadDuration;
    private readonly Gauge<long> _snapshotBytes;

    public SiloMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(Name);
        _activeSessions = meter.CreateUpDownCounter<long>("orleanslm.sessions.active", "{session}", "Sessions that are in memory");
        _turnsStarted = meter.CreateCounter<long>("orleanslm.turns.started", "{turn}", "Turns that became durable");
        _turnsEnded = meter.CreateCounter<long>("orleanslm.turns.ended", "{turn}", "Turns that ended, by reason (stop, length, cancelled, failed)");
        _turnsInterrupted = meter.CreateCounter<long>("orleanslm.turns.interrupted", "{turn}", "Turns that were left unfinished");
        _turnsResumed = meter.CreateCounter<long>("orleanslm.turns.resumed", "{turn}", "Interrupted turns that were taken up again");
        _tokensRecomputed = meter.CreateCounter<long>("orleanslm.tokens.recomputed", "{token}", "Tokens whose state was computed again when turns were taken up");
        _forks = meter.CreateCounter<long>("orleanslm.sessions.forks", "{session}", "Sessions made by forking");
        _rollbacks = meter.CreateCounter<long>("orleanslm.sessions.rollbacks", "{rollback}", "Rollbacks");
        _expired = meter.CreateCounter<long>("orleanslm.sessions.expired", "{session}", "Sessions deleted because their time was up");
        _redirected = meter.CreateCounter<long>("orleanslm.sessions.redirected", "{session}", "New sessions that went to the silo that knows the beginning of their prompt");
        _tokensIn = meter.CreateCounter<long>("orleanslm.tokens.input", "{token}", "Tokens appended by callers");
        _tokensOut = meter.CreateCounter<long>("orleanslm.tokens.output", "{token}", "Tokens generated");
        _movePause = meter.CreateHistogram("orleanslm.sessions.move.pause", "s", "How long the turn of a session that moved to another silo stood still", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Milliseconds });
        _moveDuration = meter.CreateHistogram("orleanslm.sessions.move.duration", "s", "From the decision to move a session until it is on the other silo", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = TransferSeconds });
        _moveCarried = meter.CreateCounter<long>("orleanslm.sessions.move.carried", "{token}", "Tokens whose state was copied to the other silo before the session moved");
        _movesFailed = meter.CreateCounter<long>("orleanslm.sessions.move.failures", "{session}", "Sessions that could not be moved and stayed, or go on from the log");
        _linksLost = meter.CreateCounter<long>("orleanslm.link.lost", "{connection}", "Times that a stage lost an engine or a neighbour");
        _linksRefused = meter.CreateCounter<long>("orleanslm.link.refused", "{connection}", "Links that were refused: another cluster, version, protocol, certificate or other weights");
        _commitDuration = meter.CreateHistogram("orleanslm.log.commit.duration", "s", "Time of one group commit", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Milliseconds });
        _sleeps = meter.CreateCounter<long>("orleanslm.sessions.sleeps", "{session}", "Sessions put to sleep: their state left the engine for a snapshot");
        _snapshotsWritten = meter.CreateCounter<long>("orleanslm.snapshots.written", "{snapshot}", "Snapshots written");
        _snapshotsRead = meter.CreateCounter<long>("orleanslm.snapshots.read", "{snapshot}", "Snapshots brought into an engine: wakes and rollbacks to kept checkpoints");
        _snapshotsRefused = meter.CreateCounter<long>("orleanslm.snapshots.refused", "{snapshot}", "Snapshots that were damaged or of another model, by fault; the state was computed instead");
        _snapshotsFailed = meter.CreateCounter<long>("orleanslm.snapshots.failed", "{snapshot}", "Snapshots that the disk or the engine did not let through; the state was computed instead");
        _snapshotBytesWritten = meter.CreateCounter<long>("orleanslm.snapshots.bytes.written", "By", "Bytes of snapshots written");
        _snapshotBytesRead = meter.CreateCounter<long>("orleanslm.snapshots.bytes.read", "By", "Bytes of snapshots read");
        _snapshotWriteDuration = meter.CreateHistogram("orleanslm.snapshots.write.duration", "s", "Time to write a snapshot", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = TransferSeconds });
        _snapshotReadDuration = meter.CreateHistogram("orleanslm.snapshots.read.duration", "s", "Time to bring a snapshot into an engine", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = TransferSeconds });
        _snapshotBytes = meter.CreateGauge<long>("orleanslm.snapshots.bytes", "By", "Bytes that snapshots take in the store");
        _commitWrites = meter.CreateHistogram<int>("orleanslm.log.commit.writes", "{write}", "Writes in one group commit");
        _writesRefused = meter.CreateCounter<long>("orleanslm.log.writes.refused", "{write}", "Writes to sessions that were opened elsewhere since: their epoch is over");
    }

    /// <summary>Spans of turns and session operations.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    public void SessionActivated() => _activeSessions.Add(1);

    public void SessionDeactivated() => _activeSessions.Add(-1);

    public void TurnStarted(int promptTokens)
    {
        _turnsStarted.Add(1);
        _tokensIn.Add(promptTokens);
    }

    public void TurnEnded(TurnFinishReason reason, int generatedTokens)
    {
        _turnsEnded.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString().ToLowerInvariant()));
        _tokensOut.Add(generatedTokens);
    }

    public void TurnFailed() => _turnsEnded.Add(1, new KeyValuePair<string, object?>("reason", "failed"));

    public void TurnInterrupted() => _turnsInterrupted.Add(1);

    /// <param name="recomputed">Tokens whose state was nowhere.</param>
    public void TurnResumed(int recomputed)
    {
        _turnsResumed.Add(1);
        _tokensRecomputed.Add(recomputed);
    }

    /// <summary>The pause counts where a turn ran.</summary>
    public void SessionMoved(MoveReport report)
    {
        _moveDuration.Record(report.Duration.TotalSeconds);
        _moveCarried.Add(report.Carried);
        if (report.TurnId is not null)
        {
            _movePause.Record(report.Pause.TotalSeconds);
        }
    }

    public void SessionNotMoved() => _movesFailed.Add(1);

    public void LinkLost() => _linksLost.Add(1);

    public void LinkRefused() => _linksRefused.Add(1);

    public void SessionRedirected() => _redirected.Add(1);

    public void SessionForked() => _forks.Add(1);

    public void SessionRolledBack() => _rollbacks.Add(1);

    public void SessionExpired() => _expired.Add(1);

    public void SessionSlept() => _sleeps.Add(1);

    public void SnapshotWritten(long bytes, TimeSpan duration, long usedBytes)
    {
        _snapshotsWritten.Add(1);
        _snapshotBytesWritten.Add(bytes);
        _snapshotWriteDuration.Record(duration.TotalSeconds);
        _snapshotBytes.Record(usedBytes);
    }

    public void SnapshotRead(long bytes, TimeSpan duration)
    {
        _snapshotsRead.Add(1);
        _snapshotBytesRead.Add(bytes);
        _snapshotReadDuration.Record(duration.TotalSeconds);
    }

    public void SnapshotRefused(StateFault fault) => _snapshotsRefused.Add(1, new KeyValuePair<string, object?>("fault", fault.ToString().ToLowerInvariant()));

    public void SnapshotFailed() => _snapshotsFailed.Add(1);

    public void WriteRefused() => _writesRefused.Add(1);

    public void GroupCommitted(int writes, TimeSpan duration)
    {
        _commitWrites.Record(writes);
        _commitDuration.Record(duration.TotalSeconds);
    }
}
