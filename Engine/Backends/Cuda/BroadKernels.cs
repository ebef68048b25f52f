using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>broad.cu: products of 17 to 64 rows, compiled for the weight rows that divide a product evenly over the multiprocessors.</summary>
internal sealed class BroadKernels(KernelModules modules, int multiprocessors)
{
    public const int MaxRows = 64;

    private const int RingBytes = 204800;
    private const int Threads = 160;
    private const int GoodBox = 32;

    private readonly Dictionary<(string Entry, BroadTile Tile, bool IsNarrow), CudaKernel> _kernels = [];

    /// <summary>R of broad.cu, ascending.</summary>
    private static ReadOnlySpan<int> Sizes => [16, 32, 48, 64, 96, 128, 192, 224, 256];

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

    public LaunchShape Shape(int weightRows, BroadTile tile)
    {
        var stage = (tile.Rows <= 64 ? 2 : 1) * 128 * (tile.Rows + MaxRows);
        return LaunchShape.Of(Math.Min(Blocks(weightRows, tile.Rows), multiprocessors), Threads, 1024 + RingBytes / stage * stage + 8192);
    }

    /// <summary>The largest of those with which the busiest multiprocessor has the fewest weight rows, small boxes left out: the copy engine takes as long for them.</summary>
    /// <param name="weightRows">All weight rows of the launch, both sides of paired ones.</param>
    /// <param name="sides">2 where rows are paired.</param>
    /// <param name="unit">Rows after which another matrix, or the other side, may begin; 0: never.</param>
    public BroadTile Tile(int weightRows, int sides, int unit)
    {
        var (best, least) = (default(BroadTile), int.MaxValue);
        foreach (var size in Sizes)
        {
            var box = Box(size / sides, unit);
            var rows = (Blocks(weightRows, size) + multiprocessors - 1) / multiprocessors * size;
            if (box > 0 && (box == size / sides || box >= GoodBox || least == int.MaxValue) && rows <= least)
            {
                (best, least) = (new BroadTile(size, box), rows);
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

    private static int Blocks(int weightRows, int block) => (weightRows + block - 1) / block;
}
