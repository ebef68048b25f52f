using System.Collections.Concurrent;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// Where a parent leaves the forked engine state for its child on the same silo, and where the state of a session lies that is about to come here. It is only a short cut: a child that finds nothing here computes its
/// state from the log.
/// </summary>
public sealed class ForkHandover
{
    private readonly ConcurrentDictionary<string, IEngineSequence> _sequences = new(StringComparer.Ordinal);

    public void Offer(string sessionId, IEngineSequence sequence) => _sequences[sessionId] = sequence;

    /// <summary>Takes a sequence away that nobody came for; false when somebody has.</summary>
    public bool TakeBack(string sessionId, IEngineSequence sequence) => _sequences.TryRemove(KeyValuePair.Create(sessionId, sequence));

    /// <summary>The sequence left for the session, for its taker to dispose; null when there is none.</summary>
    public IEngineSequence? Take(string sessionId) => _sequences.TryRemove(sessionId, out var sequence) ? sequence : null;
}
