using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Scheduling;

/// <summary>Who gets how many rows in the next step. Kept and refilled.</summary>
public sealed class StepPlan
{
    private readonly List<StepShare> _shares = [];
    private ServiceOrder[] _order = new ServiceOrder[64];
    private int[] _turns = new int[64];
    private int[] _rows = new int[64];

    public ReadOnlySpan<StepShare> Shares => CollectionsMarshal.AsSpan(_shares);

    /// <summary>Sum of the shares' rows.</summary>
    public int RowCount { get; private set; }

    internal void Clear()
    {
        _shares.Clear();
        RowCount = 0;
    }

    internal void Add(int turn, int rows)
    {
        _shares.Add(new StepShare(turn, rows));
        RowCount += rows;
    }

    /// <summary>Scratch for the turns that compete for rows: their indices, and rows given so far, all zero.</summary>
    internal Span<int> Candidates(int count, out Span<int> rows)
    {
        if (_turns.Length < count)
        {
            Array.Resize(ref _turns, count * 2);
            Array.Resize(ref _rows, count * 2);
            Array.Resize(ref _order, count * 2);
        }

        rows = _rows.AsSpan(0, count);
        rows.Clear();
        return _turns.AsSpan(0, count);
    }

    /// <summary>Sorts indices into <paramref name="running"/> by who was served longest ago.</summary>
    internal void SortByService(Span<int> turns, List<TurnView> running)
    {
        var keys = _order.AsSpan(0, turns.Length);
        for (var i = 0; i < turns.Length; i++)
        {
            var turn = running[turns[i]];
            keys[i] = new ServiceOrder(turn.LastStep, turn.Arrival);
        }

        keys.Sort(turns);
    }
}
