namespace Orleans.Runtime.MembershipService.SiloMetadata;

internal sealed class SiloMetadataOptions
{
    public Dictionary<string, string> Metadata { get; } = [];
}
