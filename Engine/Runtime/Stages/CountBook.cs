using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// The engine's book on the last stage's table of token counts: which turn has which row, and up to where. That stage counts what it chooses itself, and knows nothing else; what it
/// lacks comes with the row that needs it.
/// </summary>
/// <param name="vocabulary">V.</param>
internal sealed class CountBook(int vocabulary)
{
    private const int MostSlots = 256;
    private const int MostEntries = 1 << 23;

    private readonly CountSlots _slots = new(SlotsFor(vocabulary), ChoicePlace.Steps);

    /// <summary>Rows of the table, known to both sides: 32 MiB at most, but for vocabularies beyond half a million.</summary>
    public static int SlotsFor(int vocabulary) => Math.Clamp(MostEntries / vocabulary, 16, MostSlots);

    /// <summary>The row of the table for a logit row; -1: it needs none, or none is free.</summary>
    /// <param name="row">The logit row.</param>
    /// <param name="step">Number of its step.</param>
    /// <param name="fill">What the row of the table is to be filled with; null: it is right as it is.</param>
    public int Take(in LogitRow row, long step, out TokenCounts? fill)
    {
        fill = null;
        if (!row.Samples || row.Turn.Generation.Counts is not { } counts)
        {
            return -1;
        }

        var slot = _slots.Take(row.Turn.Arrival, row.Position, step, mayFill: true, out var isStale);
        fill = slot >= 0 && isStale ? counts : null;
        return slot;
    }
}
