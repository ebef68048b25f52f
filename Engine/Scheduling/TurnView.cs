namespace OrleansLM.Engine.Scheduling;

/// <summary>What the scheduler sees of a turn.</summary>
public struct TurnView
{
    /// <summary>Order of submission; lower is older.</summary>
    public long Arrival;

    /// <summary>Tokens that must be computed before the turn can go on: the whole sequence while it generates.</summary>
    public int Target;

    /// <summary>Tokens whose state is there.</summary>
    public int Computed;

    /// <summary>Logical pages [0, PageEnd) have been given to the sequence.</summary>
    public int PageEnd;

    /// <summary>Pages it holds now: fewer than <see cref="PageEnd"/> when a sliding window has given some back.</summary>
    public int HeldPages;

    /// <summary>The next row goes to a page that another sequence shares, so it needs a page for the copy.</summary>
    public bool CopyOnWrite;

    /// <summary>Number of the last step that held rows of the turn; before its first, of the step before which it was admitted, so that newcomers do not cut in.</summary>
    public long LastStep;

    /// <summary>Its reader is behind; it gets no rows and its state may be dropped.</summary>
    public bool Paused;

    /// <summary>It was part of a step that failed and has not got past that point yet: it runs alone.</summary>
    public bool Suspect;

    /// <summary>It has had rows before, so it is never refused any more.</summary>
    public bool Started;

    /// <summary>Time since submission.</summary>
    public TimeSpan Waited;

    /// <summary>Tokens still to compute before the turn can go on.</summary>
    public readonly int Pending => Target - Computed;
}
