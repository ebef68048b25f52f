using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Activations;

/// <summary>
/// Decides which work of an activation may run beside which. Work that does not interleave blocks other work; only work that always interleaves, read-only work
/// beside read-only work, and calls of a chain that may re-enter start while something blocks. Not thread-safe.
/// </summary>
internal sealed class RequestQueue(bool isReentrant)
{
    private readonly List<IActivationWork> _waiting = [];
    private readonly List<IActivationWork> _running = [];
    private readonly Dictionary<Guid, int> _openChains = [];
    private int _blocking;
    private int _blockingReadOnly;

    public int RunningCount => _running.Count;

    public bool IsEmpty => _running.Count + _waiting.Count == 0;

    public IReadOnlyList<IActivationWork> Running => _running;

    public IReadOnlyList<IActivationWork> Waiting => _waiting;

    public void Add(IActivationWork work) => _waiting.Add(work);

    /// <summary>The first waiting work that may start now; it counts as running from here on. Null when there is none.</summary>
    public IActivationWork? TryStart()
    {
        for (int i = 0; i < _waiting.Count; i++)
        {
            IActivationWork work = _waiting[i];
            if (!MayStart(work))
                continue;

            _waiting.RemoveAt(i);
            _running.Add(work);
            Count(work, 1);
            return work;
        }

        return null;
    }

    public void End(IActivationWork work)
    {
        if (_running.Remove(work))
            Count(work, -1);
    }

    public bool RemoveWaiting(IActivationWork work) => _waiting.Remove(work);

    public IActivationWork[] TakeWaiting()
    {
        IActivationWork[] waiting = [.. _waiting];
        _waiting.Clear();
        return waiting;
    }

    public void OpenChain(Guid id) => _openChains[id] = _openChains.GetValueOrDefault(id) + 1;

    public void CloseChain(Guid id)
    {
        if (_openChains.TryGetValue(id, out int count) && count > 1)
            _openChains[id] = count - 1;
        else
            _openChains.Remove(id);
    }

    private bool MayStart(IActivationWork work)
        => _blocking == 0 || isReentrant || work.AlwaysInterleaves || (work.IsReadOnly && _blocking == _blockingReadOnly)
            || (_openChains.Count > 0 && _openChains.ContainsKey(work.ReentrancyId));

    private void Count(IActivationWork work, int change)
    {
        if (work.AlwaysInterleaves)
            return;

        _blocking += change;
        if (work.IsReadOnly)
            _blockingReadOnly += change;
    }
}
