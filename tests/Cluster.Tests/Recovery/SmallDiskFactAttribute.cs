using OrleansLM.Cluster.Tests.Processes;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>A test that mounts a file system, which needs root.</summary>
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        Skip = SmallDisk.Missing()!;
    }
}
