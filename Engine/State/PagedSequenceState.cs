using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.State;

/// <summary>Keys and values of one sequence in pages, copy-on-write.</summary>
public sealed class PagedSequenceState : SequenceState
{
    private readonly PageTable _table;
    private readonly int _pageTokens;
    private readonly int _window;

    /// <param name="pool">The pages of the replica.</param>
    /// <param name="pageTokens">P.</param>
    /// <param name="window">W, or null for full attention.</param>
    public PagedSequenceState(PagePool pool, int pageTokens, int? window)
        : base(pool)
    {
        _table = new PageTable(pool);
        _pageTokens = pageTokens;
        _window = window ?? int.MaxValue;
    }

    public override int UnitsHeld => _table.Count;

    /// <summary>Page ids from logical page <see cref="FirstPage"/> on.</summary>
    public ReadOnlySpan<int> Pages => _table.Pages;

    /// <summary>Logical index (position / P) of the first page held.</summary>
    public int FirstPage => _table.FirstPage;

    public override int UnitsToReserve(int tokens)
        => Math.Max(0, PagesUpTo(ComputedLength + tokens) - _table.EndPage) + (MustCopy(tokens) ? 1 : 0);

    public override bool TryReserve(int tokens, StepBatch batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (UnitsToReserve(tokens) > Pool.FreeCount)
        {
            return false;
        }

        if (MustCopy(tokens))
        {
            CopyLastPage(batch);
        }

        if (tokens > 0 && ComputedLength % _pageTokens != 0)
        {
            // Cut back into a page that was full once: what it will hold is something else.
            Pool.Forget(_table[ComputedLength / _pageTokens]);
        }

        while (_table.EndPage < PagesUpTo(ComputedLength + tokens))
        {
            _table.Append(Pool.Rent());
        }

        return true;
    }

    public override int AddSegment(StepBatch batch, ReadOnlySpan<int> tokens)
    {
        var pages = PagesUpTo(ComputedLength + tokens.Length) - _table.FirstPage;
        return pages <= _table.Count
            ? batch.AddSegment(tokens, ComputedLength, _table.Pages[..pages], _table.FirstPage, slot: -1)
            : throw new InvalidOperationException($"{tokens.Length} tokens from position {ComputedLength} were not reserved: {_table.Count} pages held, {pages} needed");
    }

    public override void Advance(int tokens)
    {
        ComputedLength += tokens;
        _table.TrimStart(FirstVisible(ComputedLength) / _pageTokens);
    }

    public override int Truncate(int position)
    {
        RequirePosition(position);
        if (!IsKept(position))
        {
            Release();
            return 0;
        }

        _table.TrimEnd(PagesUpTo(position));
        return ComputedLength = position;
    }

    public override SequenceState Fork(int position)
    {
        RequirePosition(position);
        var fork = new PagedSequenceState(Pool, _pageTokens, _window);
        if (IsKept(position))
        {
            fork._table.Share(_table, PagesUpTo(position));
            fork.ComputedLength = position;
            fork._table.TrimStart(FirstVisible(position) / _pageTokens);
        }

        return fork;
    }

    public override void ListUnits(int from, List<StateUnit> units)
    {
        for (var page = Math.Max(_table.FirstPage, from / _pageTokens); page < _table.EndPage; page++)
        {
            units.Add(new StateUnit(_table[page], page * _pageTokens));
        }
    }

    public override bool Holds(StateUnit unit)
    {
        var page = unit.Position / _pageTokens;
        return page >= _table.FirstPage && page < _table.EndPage && _table[page] == unit.Unit;
    }

    public override bool TryRestore(ReadOnlySpan<int> positions, List<StateUnit> units)
    {
        var first = positions[0] / _pageTokens;
        if (positions[0] > ComputedLength || positions[0] < _table.FirstPage * _pageTokens)
        {
            Release();
        }
        else
        {
            Truncate(positions[0]);
        }

        if (positions.Length > Pool.FreeCount)
        {
            return false;
        }

        _table.StartAt(first);
        foreach (var position in positions)
        {
            var page = Pool.Rent();
            _table.Append(page);
            units.Add(new StateUnit(page, position));
        }

        return true;
    }

    public override void AbandonRestore() => Truncate(ComputedLength);

    public override void Release()
    {
        _table.Clear();
        ComputedLength = 0;
    }

    /// <summary>Logical page of the oldest token that a query at <paramref name="position"/> sees.</summary>
    internal int FirstPageSeen(int position) => FirstVisible(position) / _pageTokens;

    /// <summary>Ends the state where a logical page begins, so that full pages can be adopted from there on.</summary>
    internal void CutAt(int page)
    {
        _table.TrimEnd(page);
        _table.StartAt(page);
        ComputedLength = page * _pageTokens;
    }

    /// <summary>Goes on with a full page that is computed; the caller hands its reference over.</summary>
    internal void AdoptPage(int page)
    {
        _table.Append(page);
        ComputedLength += _pageTokens;
    }

    private int PagesUpTo(int position) => (int)(((long)position + _pageTokens - 1) / _pageTokens);

    /// <summary>The oldest position that a query at <paramref name="position"/> sees.</summary>
    private int FirstVisible(int position) => (int)Math.Max(0L, (long)position - _window + 1);

    /// <summary>Whether all that a query at <paramref name="position"/> sees is still held.</summary>
    private bool IsKept(int position) => FirstVisible(position) / _pageTokens >= _table.FirstPage;

    /// <summary>Only the page that holds the next position can be both shared and written: forks share no page beyond it.</summary>
    private bool MustCopy(int tokens)
        => tokens > 0 && ComputedLength % _pageTokens != 0 && Pool.References(_table[ComputedLength / _pageTokens]) > 1;

    private void CopyLastPage(StepBatch batch)
    {
        var last = ComputedLength / _pageTokens;
        var copy = Pool.Rent();
        batch.AddCopy(new StateCopy(_table[last], copy));
        _table.Replace(last, copy);
    }
}
