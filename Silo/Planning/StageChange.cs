namespace OrleansLM.Silo.Planning;

/// <summary>What a plan does to a stage.</summary>
public enum StageChange
{
    /// <summary>It stays where it is.</summary>
    Kept = 0,

    /// <summary>It is loaded for the first time.</summary>
    New = 1,

    /// <summary>It is loaded on another device than before.</summary>
    Moved = 2,
}
