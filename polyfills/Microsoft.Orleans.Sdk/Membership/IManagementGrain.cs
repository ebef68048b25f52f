using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>Questions about the cluster as a whole. Key 0.</summary>
[Alias("Orleans.Runtime.IManagementGrain")]
public interface IManagementGrain : IGrainWithIntegerKey
{
    /// <summary>The silos that the cluster's membership knows, or only those that are active.</summary>
    [AlwaysInterleave]
    Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);
}
