namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What is wanted of a row of logits. Values are on the wire: append only.</summary>
internal enum RowRequestKind
{
    /// <summary>A token chosen from them as they are.</summary>
    Sample = 0,

    /// <summary>The log-probability of a token.</summary>
    Score = 1,

    /// <summary>The logits themselves: penalties are the engine's to apply where the last stage has no place for the counts.</summary>
    Logits = 2,
}
