using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Moving;

/// <summary>Whether a session is to move because another silo is less busy, and which: a pure function.</summary>
internal static class Imbalance
{
    /// <param name="own">Score of this silo.</param>
    /// <param name="target">Score of the least busy other one.</param>
    /// <param name="threshold">What the difference must exceed: less than that is not worth a pause, and could be moved back at once.</param>
    /// <param name="sessions">Those of this silo.</param>
    /// <returns>The running session that is cheapest to move, the shortest; null when all is well, or nothing runs.</returns>
    public static SessionLocation? Choose(double own, double target, int threshold, IEnumerable<SessionLocation> sessions) =>
        own - target > threshold ? sessions.Where(session => session.IsRunning).MinBy(session => session.Length) : null;
}
