namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Blocks of a launch, threads of a block, and shared memory that a block asks for.</summary>
internal readonly record struct LaunchShape(int GridX, int GridY, int GridZ, int Threads, int SharedBytes = 0)
{
    /// <summary>May start before the kernel in front of it ends; only for kernels that wait for it themselves.</summary>
    public bool Overlapped { get; init; }

    public static LaunchShape Of(long blocks, int threads, int sharedBytes = 0) => new(checked((int)blocks), 1, 1, threads, sharedBytes);

    public override string ToString() => $"grid {GridX}x{GridY}x{GridZ}, {Threads} threads, {SharedBytes} bytes shared";
}
