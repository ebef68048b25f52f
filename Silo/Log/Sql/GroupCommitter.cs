using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Diagnostics;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>
/// The one writer. Everything that waits goes into one transaction: while the disk is busy with a group, the next one gathers, so the cost of a sync is
/// shared by all sessions that wait for it. Lazy writes (sampled tokens) wait up to the interval for company. When a group fails, each of its writes is
/// tried alone, so that one that does not fit takes no other with it. While the database is away, all wait for it, up to the outage limit.
/// </summary>
internal sealed class GroupCommitter : IDisposable
{
    private readonly LogWriter _writer;
    private readonly ILogDatabase _database;
    private readonly SessionLogOptions _options;
    private readonly SiloMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly Lock _sync = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly ManualResetEventSlim _stop = new();
    private List<LogWrite> _queue = [];
    private List<LogWrite> _group = [];
    private bool _urgent;
    private bool _stopping;

    public GroupCommitter(LogWriter writer, ILogDatabase database, SessionLogOptions options, SiloMetrics metrics, ILogger logger)
    {
        (_writer, _database, _options, _metrics, _logger) = (writer, database, options, metrics, logger);
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

        _stop.Set();
        _wake.Set();
        _thread.Join();
        _writer.Dispose();
        _wake.Dispose();
        _stop.Dispose();
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
        while (!IsUrgent() && _options.GroupInterval - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            // Waits count whole milliseconds: what is left of one would be a wait of none, again and again.
            _wake.WaitOne(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
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
        if (Commit(_group) is not { } failure)
        {
            _metrics.GroupCommitted(_group.Count, Stopwatch.GetElapsedTime(began));
            return;
        }

        SqlLogMessages.GroupFailed(_logger, failure, _group.Count);
        var isAway = _database.IsOutage(failure);
        foreach (var write in _group)
        {
            if ((isAway ? failure : Commit([write])) is { } why)
            {
                write.Failed(_database.Translate(why));
            }
        }
    }

    /// <summary>Commits the writes together, however long the database is away within the limit; returns why it could not be, after which none of them is done.</summary>
    private Exception? Commit(List<LogWrite> writes)
    {
        var outage = new Outage(_options.OutageLimit);
        while (true)
        {
            var refused = new List<(LogWrite Write, OrleansLMException Why)>();
            if (TryCommit(writes, refused) is not { } failure || (_database.IsOutage(failure) && Reconnect(outage, failure)))
            {
                writes.ForEach(write => Complete(write, refused));
                Ended(outage);
                return null;
            }

            writes.ForEach(write => write.Undone());
            if (!_database.IsOutage(failure) || outage.IsOver)
            {
                return failure;
            }
        }
    }

    private Exception? TryCommit(List<LogWrite> writes, List<(LogWrite Write, OrleansLMException Why)> refused)
    {
        try
        {
            _writer.Connect();
            _writer.Begin(writes.Exists(write => write.Urgency == LogWriteUrgency.Durable));
            foreach (var write in writes)
            {
                Apply(write, refused);
            }

            _writer.Commit();
            return null;
        }
        catch (Exception failure)
        {
            return Undo(failure);
        }
    }

    private Exception Undo(Exception failure)
    {
        try
        {
            if (!_database.IsOutage(failure))
            {
                _writer.Rollback();
                return failure;
            }
        }
        catch (Exception second) when (_database.IsOutage(second))
        {
            failure = second;
        }

        _writer.Disconnect();
        return failure;
    }

    /// <summary>Waits until there is a connection again, or the outage is over its limit; true when the last transaction turns out to be committed.</summary>
    private bool Reconnect(Outage outage, Exception failure)
    {
        if (!outage.Began)
        {
            SqlLogMessages.Away(_logger, failure, _database.Place);
        }

        while (outage.TryNext() is { } pause && !_stop.Wait(pause))
        {
            try
            {
                _writer.Connect();
                return _writer.WasCommitted();
            }
            catch (Exception again)
            {
                // What keeps a connection from being made or used, other than an outage, is told by the next try of the group itself.
                _writer.Disconnect();
                if (!_database.IsOutage(again))
                {
                    return false;
                }
            }
        }

        outage.End();
        return false;
    }

    private void Ended(Outage outage)
    {
        if (outage.Began)
        {
            SqlLogMessages.Back(_logger, _database.Place, outage.Elapsed.TotalSeconds);
        }
    }

    private void Apply(LogWrite write, List<(LogWrite Write, OrleansLMException Why)> refused)
    {
        try
        {
            write.Apply(_writer);
        }
        catch (OrleansLMException why)
        {
            write.Undone();
            refused.Add((write, why));
        }
    }

    private void Complete(LogWrite write, List<(LogWrite Write, OrleansLMException Why)> refused)
    {
        var index = refused.FindIndex(entry => entry.Write == write);
        if (index < 0)
        {
            write.Committed();
        }
        else
        {
            Note(refused[index].Why);
            write.Failed(refused[index].Why);
        }
    }

    /// <summary>This silo was frozen, cut off or slow, and somebody else has the session: said aloud, because it is what keeps the log right.</summary>
    private void Note(OrleansLMException why)
    {
        if (why.Reason == "SESSION_MOVED")
        {
            _metrics.WriteRefused();
            SqlLogMessages.Fenced(_logger, why.Message);
        }
    }

    private static OrleansLMException Stopping() => new(ErrorCode.Unavailable, "the session log is closed") { Reason = "SESSION_LOG_CLOSED", RetryAfter = TimeSpan.FromSeconds(5) };
}
