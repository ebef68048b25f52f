using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Counts how many pages come back when the states of several sequences are dropped: those whose every holder is among them. Exact, however they share.
/// </summary>
internal sealed class ReclaimScan(PagePool pool)
{
    private readonly int[] _holders = new int[pool.PageCount];
    private readonly List<int> _touched = [];

    /// <summary>Pages that come back when everything added so far is dropped.</summary>
    public int Reclaimable { get; private set; }

    /// <summary>Pages of the last sequence added that nobody else holds.</summary>
    public int Exclusive { get; private set; }

    public void Clear()
    {
        foreach (var page in _touched)
        {
            _holders[page] = 0;
        }

        _touched.Clear();
        Reclaimable = 0;
    }

    public void Add(SequenceState state)
    {
        Exclusive = 0;
        state.Visit(this);
    }

    internal void Count(int page)
    {
        if (_holders[page]++ == 0)
        {
            _touched.Add(page);
        }

        Reclaimable += _holders[page] == pool.References(page) ? 1 : 0;
        Exclusive += pool.References(page) == 1 ? 1 : 0;
    }
}
