namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>
/// Which turn's token counts lie in which row of the device's table, and up to which position. The device counts what it chooses itself; a row whose turn went another way
/// meanwhile (its state was dropped, the host chose) is stale.
/// </summary>
/// <param name="slots">Rows of the table.</param>
/// <param name="within">Steps that may be under way together: a row that one of them used stays its turn's.</param>
internal sealed class CountSlots(int slots, int within = 2)
{
    private readonly long[] _turns = new long[slots];
    private readonly long[] _next = new long[slots];
    private readonly long[] _steps = new long[slots];

    /// <summary>The row for a turn that chooses the token of a position in a step; it is taken to have counted that token afterwards.</summary>
    /// <param name="turn">Its number, above 0.</param>
    /// <param name="position">Of the token to come.</param>
    /// <param name="step">Number of the step, rising.</param>
    /// <param name="mayFill">The counts of all tokens before the position are at hand, so that a stale row can be filled.</param>
    /// <param name="isStale">The row has to be filled first.</param>
    /// <returns>-1: none is free that no step under way used, or it is stale and cannot be filled.</returns>
    public int Take(long turn, long position, long step, bool mayFill, out bool isStale)
    {
        var slot = Find(turn);
        isStale = _turns[slot] != turn || _next[slot] != position;
        var isFree = _turns[slot] == turn || _steps[slot] <= step - within || _turns[slot] == 0;
        if (!isFree || (isStale && !mayFill))
        {
            return -1;
        }

        (_turns[slot], _next[slot], _steps[slot]) = (turn, position + 1, step);
        return slot;
    }

    /// <summary>The turn's row, else the one that was used longest ago.</summary>
    private int Find(long turn)
    {
        var oldest = 0;
        for (var slot = 0; slot < _turns.Length; slot++)
        {
            if (_turns[slot] == turn)
            {
                return slot;
            }

            oldest = _steps[slot] < _steps[oldest] ? slot : oldest;
        }

        return oldest;
    }
}
