namespace OrleansLM.Engine.State;

/// <summary>
/// Who holds which page: a free list and reference counts, no memory. Page ids are shared by all stages of a replica, since each allocates the same
/// number of pages for its own layers. Recurrent models use it alike, with a slot for a page. Owned by the scheduler's thread.
/// <para>
/// A page whose contents have a name (<see cref="Name"/>) keeps it when its last holder goes: it is free, but handed out last, the one that was given back longest ago
/// before the others, and until then whoever needs the same contents can have them (<see cref="TryShare"/>). So a cache of beginnings costs no room at all.
/// </para>
/// </summary>
public sealed class PagePool
{
    private readonly int[] _references;
    private readonly FreePages _free;
    private readonly PrefixIndex? _prefixes;

    /// <param name="pageCount">Pages (or slots), at least 1.</param>
    /// <param name="keepsPrefixes">Pages can be named.</param>
    public PagePool(int pageCount, bool keepsPrefixes = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        _references = new int[pageCount];
        _free = new FreePages(pageCount);
        _prefixes = keepsPrefixes ? new PrefixIndex(pageCount) : null;
    }

    public int PageCount => _references.Length;

    public int FreeCount => _free.Count;

    public int UsedCount => PageCount - FreeCount;

    /// <summary>Pages can be named.</summary>
    public bool KeepsPrefixes => _prefixes is not null;

    /// <summary>Free pages whose contents have a name.</summary>
    public int CachedCount { get; private set; }

    /// <summary>Takes a free page, with one reference; its contents are whatever was there, and nobody's any more.</summary>
    /// <exception cref="InvalidOperationException">No page is free; look at <see cref="FreeCount"/> first.</exception>
    public int Rent()
    {
        if (FreeCount == 0)
        {
            throw new InvalidOperationException($"all {PageCount} pages are taken");
        }

        var page = _free.First;
        Forget(page);
        _free.Remove(page);
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
        if (--_references[page] > 0)
        {
            return;
        }

        if (_prefixes?.Knows(page) == true)
        {
            _free.AddLast(page);
            CachedCount++;
        }
        else
        {
            _free.AddFirst(page);
        }
    }

    /// <summary>The page holds the state of the last tokens of a beginning, complete, and is not written any more while it has the name.</summary>
    public void Name(int page, PrefixKey key)
    {
        RequireHeld(page);
        _prefixes?.TryAdd(key, page);
    }

    /// <summary>Whether a page has the name.</summary>
    public bool Has(PrefixKey key) => _prefixes?.Find(key) >= 0;

    /// <summary>One more reference to the page with the name, free or not.</summary>
    /// <returns>The page; -1 when there is none.</returns>
    public int TryShare(PrefixKey key)
    {
        var page = _prefixes?.Find(key) ?? -1;
        if (page >= 0 && _references[page]++ == 0)
        {
            _free.Remove(page);
            CachedCount--;
        }

        return page;
    }

    /// <summary>The page is about to change: its name goes.</summary>
    public void Forget(int page)
    {
        if (_prefixes?.Forget(page) == true && _references[page] == 0)
        {
            CachedCount--;
        }
    }

    /// <summary>No page has a name any more: what they hold is not to be trusted.</summary>
    public void ForgetAll()
    {
        _prefixes?.Clear();
        CachedCount = 0;
    }

    /// <summary>No free page has a name any more.</summary>
    public void ForgetFree()
    {
        for (var page = 0; page < PageCount && CachedCount > 0; page++)
        {
            if (_references[page] == 0)
            {
                Forget(page);
            }
        }
    }

    /// <summary>The pages that somebody holds, ascending.</summary>
    public int[] ListHeld() => [.. Enumerable.Range(0, PageCount).Where(page => _references[page] > 0)];

    private void RequireHeld(int page)
    {
        if (_references[page] == 0)
        {
            throw new InvalidOperationException($"page {page} is free: nobody may share it or give it back");
        }
    }
}
