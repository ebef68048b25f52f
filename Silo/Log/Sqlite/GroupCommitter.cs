using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Diagnostics;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>
/// The one writer. Everything that waits goes into one transaction: while the disk is busy with a group, the next one gathers, so the cost of a sync is
/// shared by all sessions that wait for it. Lazy writes (sampled tokens) wait up to the interval for company. When a group fails, each of its writes is
/// tried alone, so that one that does not fit takes no other with it.
/// </summary>
internal sealed class GroupCommitter : IDisposable
{
    private readonly SqliteWrites _writes;
    private readonly string _path;
    private readonly TimeSpan _interval;
    private readonly SiloMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly Lock _sync = new();
    private readonly AutoResetEvent _wake = new(false);
    private List<LogWrite> _queue = [];
    private List<LogWrite> _group = [];
    private bool _urgent;
    private bool _stopping;

    public GroupCommitter(SqliteWrites writes, string path, TimeSpan interval, SiloMetrics metrics, ILogger logger)
    {
        (_writes, _path, _interval, _metrics, _logger) = (writes, path, interval, metrics, logger);
        _thread = new Thread(Run) { IsBackground = true, Name = "session log" };
        _thread.Start();
    }

    public void Enqueue(LogWrite write)
    {
        bool first, urgent;
        lock (_sync)
        {
            if (_stopping)
            {
                write.Failed(Stopping());
                return;
            }

            first = _queue.Count == 0;
            urgent = write.Urgency != LogWriteUrgency.Lazy && !_urgent;
            _urgent |= urgent;
            _queue.Add(write);
        }

        if (first || urgent)
        {
            _wake.Set();
        }
    }

    public void Dispose()
    {
        lock (_sync)
        {
            _stopping = _urgent = true;
        }

        _wake.Set();
        _thread.Join();
        _writes.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        while (WaitForGroup())
        {
            CommitGroup();
            _group.Clear();
        }
    }

    private bool WaitForGroup()
    {
        while (!HasWork())
        {
            _wake.WaitOne();
        }

        var began = Stopwatch.GetTimestamp();
        while (!IsUrgent() && _interval - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            _wake.WaitOne(left);
        }

        lock (_sync)
        {
            (_group, _queue) = (_queue, _group);
            _urgent = _stopping;
            return _group.Count > 0 || !_stopping;
        }
    }

    private bool HasWork()
    {
        lock (_sync)
        {
            return _queue.Count > 0 || _stopping;
        }
    }

    private bool IsUrgent()
    {
        lock (_sync)
        {
            return _urgent;
        }
    }

    private void CommitGroup()
    {
        var began = Stopwatch.GetTimestamp();
        if (TryCommit(_group) is not { } failure)
        {
            _metrics.GroupCommitted(_group.Count, Stopwatch.GetElapsedTime(began));
            return;
        }

        SqliteLogMessages.GroupFailed(_logger, failure, _group.Count);
        foreach (var write in _group)
        {
            CommitAlone(write);
        }
    }

    private void CommitAlone(LogWrite write)
    {
        if (TryCommit([write]) is { } failure)
        {
            write.Failed(failure is SqliteException sqlite ? SqliteErrors.Translate(sqlite, _path) : failure);
        }
    }

    /// <summary>Commits the writes together; returns what went wrong with the transaction, after which none of them is done.</summary>
    private Exception? TryCommit(List<LogWrite> writes)
    {
        var refused = new List<(LogWrite Write, OrleansLMException Why)>();
        try
        {
            _writes.Begin(writes.Exists(write => write.Urgency == LogWriteUrgency.Durable));
            foreach (var write in writes)
            {
                Apply(write, refused);
            }

            _writes.Commit();
        }
        catch (Exception failure)
        {
            _writes.Rollback();
            writes.ForEach(write => write.Undone());
            return failure;
        }

        foreach (var write in writes)
        {
            Complete(write, refused);
        }

        return null;
    }

    private void Apply(LogWrite write, List<(LogWrite Write, OrleansLMException Why)> refused)
    {
        try
        {
            write.Apply(_writes);
        }
        catch (OrleansLMException why)
        {
            write.Undone();
            refused.Add((write, why));
        }
    }

    private static void Complete(LogWrite write, List<(LogWrite Write, OrleansLMException Why)> refused)
    {
        var index = refused.FindIndex(entry => entry.Write == write);
        if (index < 0)
        {
            write.Committed();
        }
        else
        {
            write.Failed(refused[index].Why);
        }
    }

    private static OrleansLMException Stopping() => new(ErrorCode.Unavailable, "the session log is closed") { Reason = "SESSION_LOG_CLOSED", RetryAfter = TimeSpan.FromSeconds(5) };
}
