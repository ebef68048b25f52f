using OrleansLM.LocalCluster.Network;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>A test that makes network namespaces, which needs root.</summary>
internal sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute()
    {
        Skip = SwitchedNetwork.Missing()!;
    }
}
