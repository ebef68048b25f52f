namespace Orleans.Runtime.Manifest;

/// <summary>What a silo can host, and its metadata.</summary>
internal sealed class SiloManifest(IReadOnlyList<GrainTypeInfo> grainTypes, IReadOnlyDictionary<string, string> metadata)
{
    private readonly Dictionary<GrainType, GrainTypeInfo> _byType = grainTypes.ToDictionary(t => t.Type);

    public IReadOnlyCollection<GrainTypeInfo> GrainTypes => _byType.Values;

    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;

    public GrainTypeInfo? Find(GrainType type) => _byType.GetValueOrDefault(type);
}
