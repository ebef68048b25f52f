using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>The keys of a sequence's full pages, made when they are first asked for. Engine's thread.</summary>
internal sealed class PrefixKeys(int pageTokens)
{
    private readonly List<PrefixKey> _keys = [];

    /// <summary>Room for the pages of so many tokens, so that a step need not allocate.</summary>
    public void Reserve(int tokens) => _keys.EnsureCapacity(tokens / pageTokens);

    /// <summary>The key of the logical page, all of whose tokens are in the log.</summary>
    public PrefixKey Of(int page, TokenLog tokens)
    {
        while (_keys.Count <= page)
        {
            var last = _keys.Count > 0 ? _keys[^1] : PrefixKey.Empty;
            _keys.Add(last.Next(tokens.Span(_keys.Count * pageTokens, pageTokens)));
        }

        return _keys[page];
    }

    /// <summary>The tokens from <paramref name="position"/> on are gone.</summary>
    public void Truncate(int position)
    {
        var kept = position / pageTokens;
        if (_keys.Count > kept)
        {
            _keys.RemoveRange(kept, _keys.Count - kept);
        }
    }
}
