namespace OrleansLM.Engine.State;

/// <summary>Which page holds the end of which beginning: pages by their keys, and keys by their pages. At most one page a key and one key a page.</summary>
internal sealed class PrefixIndex(int pageCount)
{
    private readonly Dictionary<PrefixKey, int> _pages = new(pageCount);
    private readonly PrefixKey[] _keys = new PrefixKey[pageCount];
    private readonly bool[] _isKnown = new bool[pageCount];

    public bool Knows(int page) => _isKnown[page];

    /// <returns>The page, or -1.</returns>
    public int Find(PrefixKey key) => _pages.TryGetValue(key, out var page) ? page : -1;

    /// <returns>False, and nothing is changed, when another page has the key: one copy is enough.</returns>
    public bool TryAdd(PrefixKey key, int page)
    {
        if (_isKnown[page] || !_pages.TryAdd(key, page))
        {
            return false;
        }

        _keys[page] = key;
        return _isKnown[page] = true;
    }

    /// <returns>False when nothing was known of the page.</returns>
    public bool Forget(int page)
    {
        if (!_isKnown[page])
        {
            return false;
        }

        _isKnown[page] = false;
        return _pages.Remove(_keys[page]);
    }

    public void Clear()
    {
        _pages.Clear();
        Array.Clear(_isKnown);
    }
}
