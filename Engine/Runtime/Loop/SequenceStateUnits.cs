using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Which pages or slot a state holds, for accounts that are kept alike for both kinds.</summary>
internal static class SequenceStateUnits
{
    /// <summary>Logical units [0, UnitEnd) have been given to the sequence; a recurrent one has a single unit that holds any length.</summary>
    public static int UnitEnd(this SequenceState state) => state switch
    {
        PagedSequenceState paged => paged.FirstPage + paged.UnitsHeld,
        RecurrentSequenceState recurrent => recurrent.Slot < 0 ? 0 : 1,
        _ => throw new ArgumentException($"{state.GetType().Name} is not a kind of state that the scheduler knows", nameof(state)),
    };

    /// <summary>Calls <paramref name="scan"/> with each unit that the state holds.</summary>
    public static void Visit(this SequenceState state, ReclaimScan scan)
    {
        if (state is PagedSequenceState paged)
        {
            foreach (var page in paged.Pages)
            {
                scan.Count(page);
            }
        }
        else if (state is RecurrentSequenceState { Slot: >= 0 } recurrent)
        {
            scan.Count(recurrent.Slot);
        }
    }
}
