namespace OrleansLM.Silo.Planning;

/// <summary>A device as the planner sees it.</summary>
/// <param name="Id">Unique; also decides between equals.</param>
/// <param name="Zone">Where it stands; empty when unknown.</param>
/// <param name="Bytes">Memory for stages, those included that are loaded now.</param>
/// <param name="BytesPerSecond">How fast it reads weights: decode reads each once a step.</param>
public sealed record DeviceView(string Id, string Zone, long Bytes, double BytesPerSecond)
{
    public IReadOnlyList<LoadedShard> Loaded { get; init; } = [];

    /// <summary>False while it is being emptied: it gets nothing new, and what it has moves away when there is room elsewhere.</summary>
    public bool TakesStages { get; init; } = true;

    /// <summary>Folders of the models that it has; null: all.</summary>
    public IReadOnlySet<string>? Models { get; init; }

    public bool Takes(ModelView model) => TakesStages && Models?.Contains(model.Name) != false;
}
