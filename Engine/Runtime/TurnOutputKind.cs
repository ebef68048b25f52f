namespace OrleansLM.Engine.Runtime;

public enum TurnOutputKind
{
    /// <summary><see cref="TurnOutput.Position"/> of <see cref="TurnOutput.Total"/> tokens are computed.</summary>
    PrefillProgress,

    /// <summary>Log-probability of the appended token at <see cref="TurnOutput.Position"/>.</summary>
    PromptLogProb,

    /// <summary>A generated token.</summary>
    Token,

    /// <summary>The end; carries the reason, the last held-back text and the usage.</summary>
    Finished,
}
