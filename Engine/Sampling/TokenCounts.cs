namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Which tokens a sequence holds and how often each was generated in this turn: what penalties need. Kept up to date token by token; reading
/// it costs the number of different tokens, never the length of the sequence.
/// </summary>
public sealed class TokenCounts
{
    private readonly int[] _states;
    private int[] _ids = new int[64];

    public TokenCounts(int vocabularySize)
    {
        _states = new int[vocabularySize];
    }

    /// <summary>The different tokens, in order of first appearance.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>By id: 0 for a token that the sequence does not hold, otherwise 1 + how often it was generated in this turn.</summary>
    internal ReadOnlySpan<int> States => _states;

    private int Count { get; set; }

    public int Generated(int id) => Math.Max(0, _states[id] - 1);

    /// <summary>Tokens that were there before this turn's generation.</summary>
    public void AddPrompt(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            See(id);
        }
    }

    /// <summary>A token that this turn generated.</summary>
    public void AddGenerated(int id)
    {
        See(id);
        _states[id]++;
    }

    /// <summary>Takes over what stands in another's <see cref="States"/> for an id.</summary>
    internal void Set(int id, int state)
    {
        See(id);
        _states[id] = state;
    }

    private void See(int id)
    {
        if (_states[id] > 0)
        {
            return;
        }

        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
        }

        _ids[Count++] = id;
        _states[id] = 1;
    }
}
