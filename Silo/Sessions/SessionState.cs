using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// What the log holds of a session, in memory: always changed after the log was. Thread-safe, because a turn ends on its own time.
/// </summary>
internal sealed class SessionState
{
    private readonly Lock _sync = new();
    private readonly TurnBook _turns;
    private SessionRecord _session;
    private IReadOnlyList<CheckpointInfo> _checkpoints;

    public SessionState(StoredSession stored)
    {
        Handle = stored.Handle;
        _session = stored.Session;
        _checkpoints = stored.Checkpoints;
        _turns = new TurnBook(stored.Turns);
    }

    public SessionHandle Handle { get; }

    /// <summary>Memory and log may differ, because a write failed or a turn was interrupted: whoever comes next reads the log again.</summary>
    public bool IsStale { get; private set; }

    public SessionRecord Session
    {
        get
        {
            lock (_sync)
            {
                return _session;
            }
        }
    }

    /// <summary>By position.</summary>
    public IReadOnlyList<CheckpointInfo> Checkpoints
    {
        get
        {
            lock (_sync)
            {
                return _checkpoints;
            }
        }
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<TurnRecord> Turns
    {
        get
        {
            lock (_sync)
            {
                return _turns.All();
            }
        }
    }

    /// <summary>The turn that is not ended; null when none.</summary>
    public TurnRecord? ActiveTurn
    {
        get
        {
            lock (_sync)
            {
                return _session.ActiveTurnId is { } id ? _turns.Find(id) : null;
            }
        }
    }

    /// <summary>The turn with the id, or the latest for null.</summary>
    /// <exception cref="OrleansLMException">NotFound.</exception>
    public TurnRecord GetTurn(string? turnId)
    {
        lock (_sync)
        {
            var id = string.IsNullOrEmpty(turnId) ? _session.LastTurnId : turnId;
            return (id is null ? null : _turns.Find(id)) ?? throw new OrleansLMException(
                ErrorCode.NotFound,
                id is null ? $"session '{_session.SessionId}' has had no turn" : $"session '{_session.SessionId}' has no turn '{id}'; one that failed leaves no trace")
            {
                Field = "turn_id",
                Reason = "TURN_NOT_FOUND",
            };
        }
    }

    /// <inheritdoc cref="TurnBook.FindByKey"/>
    public TurnRecord? FindByKey(string key, byte[] commandHash)
    {
        lock (_sync)
        {
            return _turns.FindByKey(key, commandHash);
        }
    }

    public void MarkStale() => IsStale = true;

    public CheckpointInfo? FindCheckpoint(string name) => Checkpoints.FirstOrDefault(checkpoint => checkpoint.Name == name);

    /// <summary>When the session's time is up if it lies idle from <paramref name="now"/> on.</summary>
    public DateTimeOffset? ExpiryAfter(DateTimeOffset now) => now + Session.TimeToLive;

    public void Begin(TurnRecord turn, DateTimeOffset? expireTime)
    {
        lock (_sync)
        {
            _turns.Add(turn);
            _session = _session with { ActiveTurnId = turn.TurnId, LastTurnId = turn.TurnId, UpdateTime = turn.CreateTime, ExpireTime = expireTime };
        }
    }

    public void End(TurnRecord turn, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime)
    {
        lock (_sync)
        {
            _turns.Replace(turn with { State = TurnState.Ended, End = end });
            _session = _session with { ActiveTurnId = null, Length = end.SessionLength, UpdateTime = time, ExpireTime = expireTime };
        }
    }

    /// <summary>The turn that is the latest one once <paramref name="turn"/> is gone.</summary>
    public string? LastTurnBut(TurnRecord turn)
    {
        lock (_sync)
        {
            return _turns.LastBefore(turn.TurnId);
        }
    }

    public void Abandon(TurnRecord turn)
    {
        lock (_sync)
        {
            _session = _session with { ActiveTurnId = null, LastTurnId = _turns.LastBefore(turn.TurnId), Length = turn.StartPosition };
            _turns.Remove(turn.TurnId);
            DropCheckpoints(turn.StartPosition);
        }
    }

    public void RollBack(int position, DateTimeOffset time)
    {
        lock (_sync)
        {
            _turns.RollBack(position);
            _session = _session with { Length = position, UpdateTime = time };
            DropCheckpoints(position);
        }
    }

    public void AddCheckpoint(CheckpointInfo checkpoint)
    {
        lock (_sync)
        {
            _checkpoints = _checkpoints.Append(checkpoint).OrderBy(known => known.Position).ThenBy(known => known.Name, StringComparer.Ordinal).ToArray();
        }
    }

    public void RemoveCheckpoint(string name)
    {
        lock (_sync)
        {
            _checkpoints = _checkpoints.Where(known => known.Name != name).ToArray();
        }
    }

    private void DropCheckpoints(int beyond) => _checkpoints = _checkpoints.Where(known => known.Position <= beyond).ToArray();
}
