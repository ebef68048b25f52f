using System.Buffers;

namespace OrleansLM.Engine.Text;

/// <summary>Finds tokens that are written out in a text and stand for themselves: the leftmost, and the longest of those that begin there.</summary>
internal sealed class SpecialTokenCutter
{
    private readonly KeyValuePair<string, int>[] _tokens;
    private readonly SearchValues<string> _search;

    public SpecialTokenCutter(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        _tokens = [.. tokens.OrderByDescending(token => token.Key.Length)];
        _search = SearchValues.Create([.. _tokens.Select(token => token.Key)], StringComparison.Ordinal);
    }

    /// <summary>False when there is none in <paramref name="text"/>.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int start, out int length, out int id)
    {
        length = id = 0;
        start = text.IndexOfAny(_search);
        if (start < 0)
        {
            return false;
        }

        foreach (var (content, tokenId) in _tokens)
        {
            if (text[start..].StartsWith(content, StringComparison.Ordinal))
            {
                (length, id) = (content.Length, tokenId);
                break;
            }
        }

        return true;
    }
}
