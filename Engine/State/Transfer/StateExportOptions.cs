namespace OrleansLM.Engine.State.Transfer;

/// <summary>Which part of a sequence's state to export.</summary>
public sealed record StateExportOptions
{
    /// <summary>
    /// Pages from this position on: a multiple of the page size, at most what is computed. With it a copy that was made while the sequence went on is completed: pages
    /// before the last one never change. 0 for recurrent states.
    /// </summary>
    public int From { get; init; }

    /// <summary>Leaves the last, unfinished page out, so that a sequence that goes on need not copy it. No effect on recurrent states.</summary>
    public bool WholePagesOnly { get; init; }

    /// <summary>Recurrent states: with the checkpoints, so that rollbacks after the import start from them.</summary>
    public bool Checkpoints { get; init; } = true;
}
