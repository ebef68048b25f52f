namespace Orleans.Runtime.Manifest;

/// <summary>A silo's manifest as it crosses.</summary>
[GenerateSerializer, Immutable]
internal sealed record ManifestData(SiloAddress Silo, GrainTypeData[] GrainTypes, Dictionary<string, string> Metadata)
{
    public static ManifestData Of(SiloAddress silo, SiloManifest manifest, Serialization.WireTypeNames names)
        => new(silo, [.. manifest.GrainTypes.Select(t => GrainTypeData.Of(t, names))], manifest.Metadata.ToDictionary());

    public SiloManifest ToManifest(Serialization.WireTypeNames names) => new([.. GrainTypes.Select(t => t.ToInfo(names))], Metadata);
}
