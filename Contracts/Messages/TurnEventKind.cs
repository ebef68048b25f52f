namespace OrleansLM.Contracts.Messages;

/// <summary>Which fields of a <see cref="TurnEvent"/> are set.</summary>
[GenerateSerializer, Alias("orleanslm.TurnEventKind")]
public enum TurnEventKind
{
    /// <summary>First event of every stream: the turn is durable.</summary>
    Started = 0,

    PrefillProgress = 1,

    PromptLogProb = 2,

    Token = 3,

    /// <summary>Last event of every stream that ended well.</summary>
    Finished = 4,
}
