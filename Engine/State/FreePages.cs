namespace OrleansLM.Engine.State;

/// <summary>Free pages in the order in which they are handed out; any of them can be taken out of the line. No memory is allocated after the beginning.</summary>
internal sealed class FreePages
{
    private readonly int[] _next;
    private readonly int[] _previous;

    /// <summary>All pages, 0 first: they are taken in ascending order at first, which is kind to the memory's first touch.</summary>
    public FreePages(int pageCount)
    {
        // Place pageCount is before the first and after the last.
        _next = new int[pageCount + 1];
        _previous = new int[pageCount + 1];
        for (var place = 0; place <= pageCount; place++)
        {
            _next[place] = place == pageCount ? 0 : place + 1;
            _previous[place] = place == 0 ? pageCount : place - 1;
        }

        Count = pageCount;
    }

    public int Count { get; private set; }

    private int End => _next.Length - 1;

    public int First => _next[End];

    public void AddFirst(int page) => Link(page, End, _next[End]);

    public void AddLast(int page) => Link(page, _previous[End], End);

    public void Remove(int page)
    {
        _next[_previous[page]] = _next[page];
        _previous[_next[page]] = _previous[page];
        Count--;
    }

    private void Link(int page, int before, int after)
    {
        (_previous[page], _next[page]) = (before, after);
        _next[before] = _previous[after] = page;
        Count++;
    }
}
