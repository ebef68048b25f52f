namespace OrleansLM.Silo.Placement;

/// <summary>The beginnings that sessions of this silo had lately, so that its engine probably still has their state. The newest are kept. Any thread.</summary>
public sealed class KnownBeginnings
{
    /// <summary>As many as silos tell each other: 4 KiB.</summary>
    public const int Capacity = 512;

    private readonly Lock _lock = new();
    private readonly LinkedList<ulong> _newestFirst = new();
    private readonly Dictionary<ulong, LinkedListNode<ulong>> _nodes = [];

    public ulong[] Keys
    {
        get
        {
            lock (_lock)
            {
                return _newestFirst.ToArray();
            }
        }
    }

    /// <summary>How many tokens of a prompt are known.</summary>
    /// <param name="beginnings">The prompt's, shortest first.</param>
    /// <param name="keys">What is known.</param>
    public static int LongestIn(IReadOnlyList<Beginning> beginnings, ReadOnlySpan<ulong> keys)
    {
        for (var i = beginnings.Count - 1; i >= 0; i--)
        {
            if (keys.Contains(beginnings[i].Key))
            {
                return beginnings[i].Tokens;
            }
        }

        return 0;
    }

    /// <summary>A session with these begins here.</summary>
    public void Note(IReadOnlyList<Beginning> beginnings)
    {
        lock (_lock)
        {
            for (var i = beginnings.Count - 1; i >= 0; i--)
            {
                Note(beginnings[i].Key);
            }

            while (_newestFirst.Count > Capacity)
            {
                _nodes.Remove(_newestFirst.Last!.Value);
                _newestFirst.RemoveLast();
            }
        }
    }

    private void Note(ulong key)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            _newestFirst.Remove(node);
            _newestFirst.AddFirst(node);
        }
        else
        {
            _nodes[key] = _newestFirst.AddFirst(key);
        }
    }
}
