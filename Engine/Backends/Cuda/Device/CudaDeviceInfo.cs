namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>One GPU of this machine, as the driver lists it.</summary>
public sealed record CudaDeviceInfo
{
    /// <summary>The driver's number, from 0.</summary>
    public required int Ordinal { get; init; }

    public required string Name { get; init; }

    public required long MemoryBytes { get; init; }

    /// <summary>Streaming multiprocessors.</summary>
    public required int MultiprocessorCount { get; init; }

    /// <summary>Compute capability times ten: 90 for 9.0.</summary>
    public required int ComputeCapability { get; init; }

    /// <summary>Shared memory that a block can ask for.</summary>
    public required int SharedBytesPerBlock { get; init; }

    public required int L2Bytes { get; init; }

    /// <summary>Ordinals of the devices whose memory this one can reach directly.</summary>
    public required IReadOnlyList<int> Peers { get; init; }
}
