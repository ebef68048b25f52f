namespace Orleans.Runtime.MembershipService.SiloMetadata;

/// <summary>The metadata of the cluster's silos.</summary>
public interface ISiloMetadataCache
{
    /// <summary>Empty for a silo that has none or is not known.</summary>
    SiloMetadata GetSiloMetadata(SiloAddress siloAddress);
}
