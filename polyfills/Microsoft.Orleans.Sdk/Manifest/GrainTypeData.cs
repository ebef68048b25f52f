using Orleans.Serialization;

namespace Orleans.Runtime.Manifest;

/// <summary>A grain class as it crosses: of its placement, the name of the strategy's type.</summary>
[GenerateSerializer, Immutable]
internal sealed record GrainTypeData(GrainType Type, string ClassName, GrainInterfaceType[] Interfaces, string? Placement)
{
    public static GrainTypeData Of(GrainTypeInfo info, WireTypeNames names)
        => new(info.Type, info.ClassName, [.. info.Interfaces], info.Placement is { } placement ? names.NameOf(placement.GetType()) : null);

    public GrainTypeInfo ToInfo(WireTypeNames names) => new(Type, ClassName, Interfaces, PlacementOf(names));

    // A strategy that this process does not have leaves the choice to the silos that have it.
    private PlacementStrategy? PlacementOf(WireTypeNames names)
        => Placement is not null && names.TryResolve(Placement) is { } type && typeof(PlacementStrategy).IsAssignableFrom(type)
            ? Activator.CreateInstance(type, nonPublic: true) as PlacementStrategy
            : null;
}
