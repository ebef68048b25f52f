using System.Collections.Immutable;

namespace Orleans.Runtime.MembershipService.SiloMetadata;

/// <summary>What a silo says about itself: names and values.</summary>
[GenerateSerializer, Alias("Orleans.Runtime.SiloMembership.SiloMetadata.SiloMetadata")]
public record SiloMetadata()
{
    public static SiloMetadata Empty { get; } = new();

    [Id(0)]
    public ImmutableDictionary<string, string> Metadata { get; internal init; } = ImmutableDictionary<string, string>.Empty;
}
