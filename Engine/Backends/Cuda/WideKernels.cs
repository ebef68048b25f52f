using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>wide.cu: products of up to 16 rows, compiled for the weight rows that divide a product evenly over the multiprocessors.</summary>
internal sealed class WideKernels(KernelModules modules, int multiprocessors)
{
    /// <summary>Beyond, broad.cu is faster.</summary>
    public const int MaxRows = 16;

    private const int RingBytes = 204800;
    private const int Threads = 128;

    private readonly Dictionary<(string Entry, int WeightRows, bool IsNarrow), CudaKernel> _kernels = [];

    /// <summary>R of wide.cu, ascending.</summary>
    private static ReadOnlySpan<int> Sizes => [16, 32, 48, 64, 96, 128, 192, 224, 256];

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

    public LaunchShape Shape(int weightRows)
    {
        var block = Block(weightRows);
        var stage = (block <= 64 ? 2 : 1) * 128 * (block + MaxRows);
        return LaunchShape.Of(Math.Min(Blocks(weightRows, block), multiprocessors), Threads, 1024 + RingBytes / stage * stage + 8192);
    }

    private static int Blocks(int weightRows, int block) => (weightRows + block - 1) / block;

    /// <summary>The largest block of those with which the busiest multiprocessor has the fewest weight rows.</summary>
    private int Block(int weightRows)
    {
        var (best, least) = (0, int.MaxValue);
        foreach (var size in Sizes)
        {
            var rounds = (Blocks(weightRows, size) + multiprocessors - 1) / multiprocessors;
            if (rounds * size <= least)
            {
                (best, least) = (size, rounds * size);
            }
        }

        return best;
    }
}
