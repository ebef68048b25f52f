using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>How a <see cref="CudaBackend"/> works.</summary>
public sealed record CudaOptions
{
    /// <summary>The driver's number of the device.</summary>
    public int Device { get; init; }

    /// <summary>Records the steps of few rows as graphs and replays them.</summary>
    public bool Graphs { get; init; } = true;

    /// <summary>Lets a kernel start while the one before it ends.</summary>
    public bool Overlap { get; init; } = true;

    /// <summary>Uses the tensor-core kernels where shapes allow; false: the plain ones everywhere, to compare with.</summary>
    public bool FastKernels { get; init; } = true;

    /// <summary>
    /// Lets the library split the sums of products of many rows over several accumulators. Faster for some sizes, but a row's bits then depend on how many rows
    /// stand beside it: not for serving (promise 2).
    /// </summary>
    public bool AllowSplitSums { get; init; }

    /// <summary>
    /// Element type of activations: BFloat16, or Float32 for exactness before speed: products with bf16 weights take them in two bf16 parts (16 bits of mantissa), one product chained to
    /// the other; wider weights stay as they are, and they and attention have plain kernels.
    /// </summary>
    public DataType Activations { get; init; } = DataType.BFloat16;

    /// <summary>Folder for compiled kernels; null: the user's cache, or what ORLEANSLM_KERNEL_CACHE names.</summary>
    public string? KernelCacheDirectory { get; init; }
}
