using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>wide.cu: products of up to 16 rows, compiled for the weight rows that divide a product evenly over the multiprocessors.</summary>
internal sealed class WideKernels(KernelModules modules, int multiprocessors)
{
    /// <summary>Beyond, broad.cu is faster.</summary>
    public const int MaxRows = 16;

    private const int Threads = 128;

    private readonly Dictionary<(string Entry, int WeightRows, bool IsNarrow), CudaKernel> _kernels = [];

    /// <param name="entry">Of wide.cu.</param>
    /// <param name="signature">Of the entry.</param>
    /// <param name="weightRows">All weight rows of the launch, both sides of paired ones.</param>
    /// <param name="isNarrow">Pages of e4m3.</param>
    public CudaKernel Get(string entry, string signature, int weightRows, bool isNarrow = false)
    {
        var key = (entry, Block(weightRows), isNarrow);
        if (!_kernels.TryGetValue(key, out var kernel))
        {
            _kernels[key] = kernel = modules.Get("wide.cu", $"R={key.Item2}", $"XR={MaxRows}", $"FP8={(isNarrow ? 1 : 0)}").Kernel(entry, signature);
        }

        return kernel;
    }

    public LaunchShape Shape(int weightRows) => ProductBlocks.Shape(weightRows, Block(weightRows), MaxRows, Threads, multiprocessors);

    /// <summary>The largest block of those with which the busiest multiprocessor has least to do.</summary>
    private int Block(int weightRows)
    {
        var (best, least) = (0, int.MaxValue);
        foreach (var size in ProductBlocks.Sizes)
        {
            var cost = ProductBlocks.Cost(weightRows, size, multiprocessors);
            if (cost <= least)
            {
                (best, least) = (size, cost);
            }
        }

        return best;
    }
}
