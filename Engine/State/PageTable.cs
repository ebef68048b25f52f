namespace OrleansLM.Engine.State;

/// <summary>
/// The pages of one sequence in order: entry i is logical page <see cref="FirstPage"/> + i, which holds positions [P·(FirstPage + i), P·(FirstPage + i + 1)).
/// Holds one reference of the pool for each entry.
/// </summary>
internal sealed class PageTable(PagePool pool)
{
    private int[] _pages = new int[4];

    /// <summary>Logical index of the first page kept; more than 0 once a sliding window has let pages go.</summary>
    public int FirstPage { get; private set; }

    public int Count { get; private set; }

    /// <summary>Logical index after the last page.</summary>
    public int EndPage => FirstPage + Count;

    public ReadOnlySpan<int> Pages => _pages.AsSpan(0, Count);

    public int this[int logicalPage] => _pages[logicalPage - FirstPage];

    /// <summary>An empty table begins at a logical page; one that has pages must end right before it.</summary>
    public void StartAt(int logicalPage)
    {
        if (Count > 0 && EndPage != logicalPage)
        {
            throw new InvalidOperationException($"the table ends at page {EndPage}; page {logicalPage} does not follow");
        }

        FirstPage = Count > 0 ? FirstPage : logicalPage;
    }

    /// <summary>Appends a page whose reference the caller hands over.</summary>
    public void Append(int page)
    {
        if (Count == _pages.Length)
        {
            Array.Resize(ref _pages, Count * 2);
        }

        _pages[Count++] = page;
    }

    /// <summary>Puts a private copy in the place of a shared page.</summary>
    public void Replace(int logicalPage, int page)
    {
        pool.Release(_pages[logicalPage - FirstPage]);
        _pages[logicalPage - FirstPage] = page;
    }

    /// <summary>Gives back all pages from <paramref name="endPage"/> on.</summary>
    public void TrimEnd(int endPage)
    {
        while (EndPage > endPage && Count > 0)
        {
            pool.Release(_pages[--Count]);
        }

        if (Count == 0)
        {
            FirstPage = Math.Min(FirstPage, endPage);
        }
    }

    /// <summary>Gives back the pages before <paramref name="firstPage"/>.</summary>
    public void TrimStart(int firstPage)
    {
        var gone = Math.Min(firstPage - FirstPage, Count);
        if (gone <= 0)
        {
            return;
        }

        for (var i = 0; i < gone; i++)
        {
            pool.Release(_pages[i]);
        }

        Array.Copy(_pages, gone, _pages, 0, Count - gone);
        Count -= gone;
        FirstPage += gone;
    }

    public void Clear()
    {
        TrimEnd(FirstPage);
        FirstPage = 0;
    }

    /// <summary>Makes this empty table share the pages of another up to logical page <paramref name="endPage"/>.</summary>
    public void Share(PageTable other, int endPage)
    {
        FirstPage = other.FirstPage;
        for (var page = other.FirstPage; page < endPage; page++)
        {
            pool.AddReference(other[page]);
            Append(other[page]);
        }
    }
}
