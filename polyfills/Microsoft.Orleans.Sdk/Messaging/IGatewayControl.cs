using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Messaging;

/// <summary>What a client asks of the silo that it is connected to.</summary>
[Alias("Orleans.Runtime.IGatewayControl")]
internal interface IGatewayControl : ISystemTarget
{
    public const string TypeName = "sys.gateway";

    /// <summary>What the silos of the cluster can host.</summary>
    Task<ManifestData[]> GetManifests();
}
