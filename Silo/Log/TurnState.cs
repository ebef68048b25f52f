namespace OrleansLM.Silo.Log;

/// <summary>How far a turn came. Values are persisted: append only.</summary>
public enum TurnState
{
    /// <summary>Begun; runs, or was interrupted.</summary>
    Active = 0,

    Ended = 1,

    /// <summary>Ended, and a rollback took some or all of its tokens away. Kept so that its idempotency key cannot start it a second time.</summary>
    RolledBack = 2,
}
