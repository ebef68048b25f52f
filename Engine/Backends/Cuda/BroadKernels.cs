using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>broad.cu: products of 17 to 64 rows, compiled for the weight rows that divide a product evenly over the multiprocessors.</summary>
internal sealed class BroadKernels(KernelModules modules, int multiprocessors)
{
    public const int MaxRows = 64;

    private const int Threads = 160;
    private const int GoodBox = 32;

    private readonly Dictionary<(string Entry, BroadTile Tile, bool IsNarrow), CudaKernel> _kernels = [];

    /// <param name="entry">Of broad.cu.</param>
    /// <param name="signature">Of the entry.</param>
    /// <param name="tile">That it is compiled for.</param>
    /// <param name="isNarrow">Pages of e4m3.</param>
    public CudaKernel Get(string entry, string signature, BroadTile tile, bool isNarrow = false)
    {
        if (!_kernels.TryGetValue((entry, tile, isNarrow), out var kernel))
        {
            _kernels[(entry, tile, isNarrow)] = kernel = modules
                .Get("broad.cu", $"R={tile.Rows}", $"BOX={tile.Box}", $"FP8={(isNarrow ? 1 : 0)}").Kernel(entry, signature);
        }

        return kernel;
    }

    public LaunchShape Shape(int weightRows, BroadTile tile) => ProductBlocks.Shape(weightRows, tile.Rows, MaxRows, Threads, multiprocessors);

    /// <summary>The largest of those with which the busiest multiprocessor has least to do, small boxes left out: the copy engine takes as long for them.</summary>
    /// <param name="weightRows">All weight rows of the launch, both sides of paired ones.</param>
    /// <param name="sides">2 where rows are paired.</param>
    /// <param name="unit">Rows after which another matrix, or the other side, may begin; 0: never.</param>
    public BroadTile Tile(int weightRows, int sides, int unit)
    {
        var (best, least) = (default(BroadTile), int.MaxValue);
        foreach (var size in ProductBlocks.Sizes)
        {
            var box = Box(size / sides, unit);
            var cost = ProductBlocks.Cost(weightRows, size, multiprocessors);
            if (box > 0 && (box == size / sides || box >= GoodBox || least == int.MaxValue) && cost <= least)
            {
                (best, least) = (new BroadTile(size, box), cost);
            }
        }

        return best;
    }

    /// <summary>The largest multiple of 8 that divides both.</summary>
    private static int Box(int side, int unit)
    {
        for (var box = side; box >= 8; box -= 8)
        {
            if (side % box == 0 && unit % box == 0)
            {
                return box;
            }
        }

        return 0;
    }
}
