using System.Collections.Concurrent;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Sessions;

/// <summary>The sessions of this silo that are in memory, and so know more of themselves than the log does.</summary>
public sealed class ActiveSessions
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

    internal void Add(Session session) => _sessions[session.State.Handle.SessionId] = session;

    internal void Remove(Session session) => _sessions.TryRemove(KeyValuePair.Create(session.State.Handle.SessionId, session));

    private static SessionLocation Locate(Session session)
    {
        var info = session.Info();
        return new SessionLocation
        {
            SessionId = info.SessionId,
            Model = info.Model,
            Length = info.Length,
            ComputedLength = info.ComputedLength,
            IsRunning = session.Turns.Running is not null,
        };
    }
}
