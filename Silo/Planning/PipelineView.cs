namespace OrleansLM.Silo.Planning;

/// <summary>A replica that wants its stages placed.</summary>
public sealed record PipelineView
{
    /// <summary>Unique; pipelines are planned in its order.</summary>
    public required string Name { get; init; }

    /// <summary>Device of the first stage: the engine's own, which does not move.</summary>
    public required string Head { get; init; }

    public required ModelView Model { get; init; }

    /// <summary>How many stages; null: as few as memory allows.</summary>
    public int? Stages { get; init; }

    /// <summary>[1, ∞): how few there may be where <see cref="Stages"/> says nothing; also when the devices have room for fewer.</summary>
    public int LeastStages { get; init; } = 1;

    /// <summary>Where it runs now; null when it does not. Its cuts stay: only devices change.</summary>
    public IReadOnlyList<PlacedStage>? Current { get; init; }
}
