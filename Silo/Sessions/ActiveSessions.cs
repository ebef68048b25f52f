using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Silo.Sessions;

/// <summary>The sessions of this silo that are in memory, and so know more of themselves than the log does.</summary>
public sealed class ActiveSessions(ILocalSiloDetails? silo = null)
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    /// <summary>How many there are.</summary>
    public int Count => _sessions.Count;

    /// <summary>All of them, the ones that run first.</summary>
    public IReadOnlyList<SessionLocation> Locations() => [.. _sessions.Values.Select(Locate).OrderByDescending(session => session.IsRunning)];

    /// <summary>Null when the session is asleep or on another silo.</summary>
    public SessionInfo? Find(string sessionId) => _sessions.TryGetValue(sessionId, out var session) ? session.Info() : null;

    /// <summary>Sessions with state in the engine that nothing has happened to since then.</summary>
    internal IReadOnlyList<string> IdleSince(DateTimeOffset time) =>
        [.. _sessions.Values.Where(session => session.IsIdleSince(time)).Select(session => session.State.Handle.SessionId)];

    /// <summary>Sessions that have computed so many tokens more than the store of snapshots has of them.</summary>
    internal IReadOnlyList<Session> Grown(int tokens) => [.. _sessions.Values.Where(session => session.Slot.Current?.ComputedLength - session.Slot.SnapshotLength >= tokens)];

    /// <summary>A session's sequence in the engine; null when it has none here.</summary>
    internal IEngineSequence? SequenceOf(string sessionId) => _sessions.TryGetValue(sessionId, out var session) ? session.Slot.Current : null;

    internal void Add(Session session) => _sessions[session.State.Handle.SessionId] = session;

    internal void Remove(Session session) => _sessions.TryRemove(KeyValuePair.Create(session.State.Handle.SessionId, session));

    private SessionLocation Locate(Session session)
    {
        var info = session.Info();
        return new SessionLocation
        {
            SessionId = info.SessionId,
            Model = info.Model,
            Length = info.Length,
            ComputedLength = info.ComputedLength,
            IsRunning = session.Turns.Running is not null,
            Silo = silo?.Name ?? "",
            Address = silo?.SiloAddress.ToParsableString() ?? "",
        };
    }
}
