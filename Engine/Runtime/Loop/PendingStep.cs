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

    /// <summary>One row of each turn, which chooses its next token: a step may follow that takes those tokens. Known once it is closed.</summary>
    public bool OnlyDecodes { get; private set; }

    /// <summary>The newest step that chooses tokens which this one takes before they are known here; 0: none does.</summary>
    public long Follows { get; private set; }

    public void Clear(long number, long began)
    {
        Number = number;
        Began = began;
        ToldProgress = false;
        Follows = 0;
        Batch.Clear();
        Rows.Clear();
        Entries.Clear();
    }

    /// <summary>It takes a token that a step of this number chooses; 0 is none.</summary>
    public void Follow(long step) => Follows = Math.Max(Follows, step);

    /// <summary>Everything is in it.</summary>
    public void Close()
    {
        OnlyDecodes = Rows.Count == Entries.Count;
        foreach (var entry in Entries)
        {
            OnlyDecodes &= entry.Count == 1;
        }
    }
}
