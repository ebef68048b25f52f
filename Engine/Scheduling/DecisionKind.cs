namespace OrleansLM.Engine.Scheduling;

/// <summary>What to do next.</summary>
public enum DecisionKind
{
    /// <summary>Nothing can be computed until something arrives or a reader catches up.</summary>
    Idle,

    /// <summary>Run the step of the plan.</summary>
    Step,

    /// <summary>Move a waiting turn to the running ones, then decide again.</summary>
    Admit,

    /// <summary>End a waiting turn: it waited too long for memory. Then decide again.</summary>
    Refuse,

    /// <summary>Drop the state of an evictable sequence, then decide again.</summary>
    Evict,

    /// <summary>Have the state of a savable sequence saved, then decide again.</summary>
    Save,

    /// <summary>Drop the state of a running turn and put it back among the waiting, then decide again.</summary>
    Preempt,

    /// <summary>End a running turn: it has the whole pool and needs more.</summary>
    Exhausted,
}
