namespace Orleans.Runtime.Placement;

/// <summary>The grain that needs a silo, and what the call that needs it carried.</summary>
public readonly struct PlacementTarget(
    GrainId grainIdentity, Dictionary<string, object>? requestContextData, GrainInterfaceType interfaceType, ushort interfaceVersion)
{
    public GrainId GrainIdentity { get; } = grainIdentity;

    public Dictionary<string, object>? RequestContextData { get; } = requestContextData;

    public GrainInterfaceType InterfaceType { get; } = interfaceType;

    public ushort InterfaceVersion { get; } = interfaceVersion;
}
