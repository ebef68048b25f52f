namespace Orleans.Runtime.Clustering.InProcess;

/// <summary>What the silos and clients of one cluster share when all of them live in one process. A silo that is alone has one for itself.</summary>
internal sealed class InProcessCluster
{
    public InProcessTransport Transport { get; } = new();

    public InMemorySiloTable Table { get; } = new();

    public InMemoryActivationDirectory Directory { get; } = new();

    public InProcessPeers Peers { get; } = new();
}
