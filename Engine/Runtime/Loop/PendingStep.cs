namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>A step from its filling to its results. Kept and filled again, so that a step allocates nothing.</summary>
internal sealed class PendingStep
{
    /// <summary>Counted from 1 for the life of the engine.</summary>
    public long Number { get; private set; }

    /// <summary>When it was filled, in ticks of the engine's time provider.</summary>
    public long Began { get; private set; }

    public StepBatch Batch { get; } = new();

    /// <summary>What each of the batch's logit rows is for.</summary>
    public List<LogitRow> Rows { get; } = [];

    public List<StepEntry> Entries { get; } = [];

    /// <summary>Its prefills have said how far they are.</summary>
    public bool ToldProgress { get; set; }

    /// <summary>One row of each turn, which chooses its next token: a step may follow that takes those tokens.</summary>
    public bool OnlyDecodes
    {
        get
        {
            foreach (var entry in Entries)
            {
                if (entry.Count > 1)
                {
                    return false;
                }
            }

            return Rows.Count == Entries.Count;
        }
    }

    public void Clear(long number, long began)
    {
        Number = number;
        Began = began;
        ToldProgress = false;
        Batch.Clear();
        Rows.Clear();
        Entries.Clear();
    }
}
