using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>skinny.cu for one bucket of rows: products at the speed of reading the weights.</summary>
/// <param name="modules">Of the device.</param>
/// <param name="tiles">MT: 1, 2 or 4 tiles of 16 rows.</param>
internal sealed class SkinnyKernels(KernelModules modules, int tiles)
{
    private const int Stages = 6;
    private const int LargestInput = 65536;
    private const int ChunkColumns = 1024;

    public const int MaxRows = 64;

    public CudaKernel F32 => field ??= Get("skinny_f32", "pppiiii");

    public CudaKernel Add => field ??= Get("skinny_add", "pppiiii");

    public CudaKernel BF16 => field ??= Get("skinny_bf16", "pppppppiiiiii");

    public CudaKernel Relu => field ??= Get("skinny_relu", "ppppiiii");

    public CudaKernel SwiGlu => field ??= Get("skinny_swiglu", "ppppiiii");

    public CudaKernel QueryKeyValue => field ??= Get("skinny_qkv", "pppppppppppiiiiii");

    public CudaKernel NormedF32 => field ??= Get("normed_f32", "ppfppiiii");

    public CudaKernel NormedBF16 => field ??= Get("normed_bf16", "ppfppppppiiiiii");

    public CudaKernel NormedSwiGlu => field ??= Get("normed_swiglu", "ppfpppiiii");

    public CudaKernel NormedQueryKeyValue => field ??= Get("normed_qkv", "ppfppppppppppiiiiii");

    /// <summary>The smallest MT for so many rows.</summary>
    public static int TilesFor(int rows) => rows <= 16 ? 1 : rows <= 32 ? 2 : 4;

    /// <summary>Columns of the input that lie in shared memory at a time: all of them where they fit.</summary>
    public static int InputColumns(int rows, int k) => FitsWhole(rows, k) ? k : ChunkColumns;

    /// <summary>A norm in front needs the whole rows.</summary>
    public static bool FitsWhole(int rows, int k) => rows * (2L * k + 16) <= LargestInput;

    /// <param name="rows">Of the input.</param>
    /// <param name="k">Of the product.</param>
    /// <param name="warpTiles">Tiles of weight rows, one for each warp at a time.</param>
    /// <param name="paired">Two tiles of weights for each warp.</param>
    /// <param name="normed">With a norm in front.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static LaunchShape Shape(int rows, int k, long warpTiles, bool paired, bool normed, int multiprocessors)
    {
        const int Warps = 4;
        var columns = InputColumns(rows, k);
        var shared = Warps * Stages * 2048 * (paired ? 2 : 1) + (columns == k ? 1 : 2) * rows * (2 * columns + 16) + 16 + (normed ? 32 * rows : 0);
        return LaunchShape.Of(Math.Min((warpTiles + Warps - 1) / Warps, 2L * multiprocessors), Warps * 32, shared);
    }

    private CudaKernel Get(string entry, string signature) => modules.Get("skinny.cu", $"MT={tiles}", $"STAGES={Stages}").Kernel(entry, signature);
}
