using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>skinny.cu: products of one or two rows, at the speed of reading the weights.</summary>
internal sealed class SkinnyKernels(KernelModules modules)
{
    private const int Stages = 12;
    private const int LargestInput = 65536;
    private const int MaxNormedRows = 2;

    /// <summary>Beyond, wide.cu takes over.</summary>
    public const int MaxRows = WideKernels.MinRows - 1;

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

    /// <summary>Columns of the input that lie in shared memory at a time: all of them where they fit.</summary>
    public static int InputColumns(int rows, int k) => FitsWhole(rows, k) ? Whole(k) : 1024;

    /// <summary>A norm in front needs the whole rows, and pays for few of them.</summary>
    public static bool CanNorm(int rows, int k) => rows <= MaxNormedRows && FitsWhole(rows, k);

    /// <param name="rows">Of the input.</param>
    /// <param name="k">Of the product.</param>
    /// <param name="warpTiles">Tiles of weight rows, one for each warp at a time.</param>
    /// <param name="normed">With a norm in front.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static LaunchShape Shape(int rows, int k, long warpTiles, bool normed, int multiprocessors)
    {
        const int Warps = 4;
        var columns = InputColumns(rows, k);
        var shared = 8192 * Stages + (columns >= k ? 1 : 2) * rows * (2 * columns + 16) + 16 + (normed ? 32 * rows : 0);
        return LaunchShape.Of(Math.Min((warpTiles + Warps - 1) / Warps, 2L * multiprocessors), Warps * 32, shared);
    }

    private static bool FitsWhole(int rows, int k) => rows * (2L * Whole(k) + 16) <= LargestInput;

    private static int Whole(int k) => (k + 127) / 128 * 128;

    private CudaKernel Get(string entry, string signature) => modules.Get("skinny.cu", $"STAGES={Stages}").Kernel(entry, signature);
}
