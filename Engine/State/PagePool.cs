namespace OrleansLM.Engine.State;

/// <summary>
/// Who holds which page: a free list and reference counts, no memory. Page ids are shared by all stages of a replica, since each allocates the same
/// number of pages for its own layers. Recurrent models use it alike, with a slot for a page. Owned by the scheduler's thread.
/// </summary>
public sealed class PagePool
{
    private readonly int[] _references;
    private readonly int[] _free;

    /// <param name="pageCount">Pages (or slots), at least 1.</param>
    public PagePool(int pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        _references = new int[pageCount];
        _free = new int[pageCount];
        for (var i = 0; i < pageCount; i++)
        {
            // A stack with page 0 on top: pages are taken in ascending order at first, which is kind to the memory's first touch.
            _free[i] = pageCount - 1 - i;
        }

        FreeCount = pageCount;
    }

    public int PageCount => _references.Length;

    public int FreeCount { get; private set; }

    public int UsedCount => PageCount - FreeCount;

    /// <summary>Takes a free page, with one reference; its contents are whatever was there.</summary>
    /// <exception cref="InvalidOperationException">No page is free; look at <see cref="FreeCount"/> first.</exception>
    public int Rent()
    {
        if (FreeCount == 0)
        {
            throw new InvalidOperationException($"all {PageCount} pages are taken");
        }

        var page = _free[--FreeCount];
        _references[page] = 1;
        return page;
    }

    /// <summary>Holders of a page: 0 when it is free; more than 1 means that it must be copied before it is written.</summary>
    public int References(int page) => _references[page];

    public void AddReference(int page)
    {
        RequireHeld(page);
        _references[page]++;
    }

    /// <summary>Gives one reference back; the last one frees the page.</summary>
    public void Release(int page)
    {
        RequireHeld(page);
        if (--_references[page] == 0)
        {
            _free[FreeCount++] = page;
        }
    }

    private void RequireHeld(int page)
    {
        if (_references[page] == 0)
        {
            throw new InvalidOperationException($"page {page} is free: nobody may share it or give it back");
        }
    }
}
