namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>
/// The tokens of a sequence. Any thread may read a copy; only whoever holds the sequence's turn changes it, so the engine's thread may look at the
/// tokens in place during a turn.
/// </summary>
internal sealed class TokenLog
{
    private readonly Lock _lock = new();
    private int[] _tokens;
    private int _count;

    public TokenLog(ReadOnlySpan<int> tokens)
    {
        _tokens = tokens.ToArray();
        _count = tokens.Length;
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>The tokens at [start, start + count), in place.</summary>
    public ReadOnlySpan<int> Span(int start, int count) => _tokens.AsSpan(start, count);

    /// <exception cref="ArgumentOutOfRangeException">The range does not lie in [0, Count].</exception>
    public int[] Copy(int start, int end)
    {
        lock (_lock)
        {
            if (start < 0 || end < start || end > _count)
            {
                throw new ArgumentOutOfRangeException(nameof(end), $"[{start}, {end}) is not a range within the {_count} tokens of the sequence");
            }

            return _tokens.AsSpan(start, end - start).ToArray();
        }
    }

    public void Append(int token)
    {
        lock (_lock)
        {
            Reserve(1);
            _tokens[_count] = token;
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <summary>Appends, and makes room for <paramref name="more"/> tokens, so that as many can be appended without an allocation.</summary>
    public void Append(ReadOnlySpan<int> tokens, int more)
    {
        lock (_lock)
        {
            Reserve(tokens.Length + more);
            tokens.CopyTo(_tokens.AsSpan(_count));
            Volatile.Write(ref _count, _count + tokens.Length);
        }
    }

    public void Truncate(int count)
    {
        lock (_lock)
        {
            Volatile.Write(ref _count, Math.Min(count, _count));
        }
    }

    private void Reserve(int more)
    {
        if (_count + more > _tokens.Length)
        {
            Array.Resize(ref _tokens, Math.Max(_count + more, _tokens.Length * 2));
        }
    }
}
