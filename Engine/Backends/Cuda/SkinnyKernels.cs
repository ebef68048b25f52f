using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>skinny.cu: products of one or two rows with matrices of which every warp has one tile, at the speed of reading the weights.</summary>
internal sealed class SkinnyKernels(KernelModules modules)
{
    private const int MaxRows = 2;
    private const int TilesAtOnce = 4;
    private const int Threads = 160;
    private const int SlotBytes = 17408;
    private const int MostSlots = 12;
    private const int FewestSlots = 4;
    private const int BarrierBytes = 16;
    private const int BlockBytes = 232448;

    public CudaKernel F32 => field ??= Get("skinny_f32", "pppiiii");

    public CudaKernel Add => field ??= Get("skinny_add", "pppiiii");

    public CudaKernel BF16 => field ??= Get("skinny_bf16", "pppppppiiiiii");

    public CudaKernel Relu => field ??= Get("skinny_relu", "ppppiiii");

    public CudaKernel SwiGlu => field ??= Get("skinny_swiglu", "ppppiiii");

    public CudaKernel QueryKeyValue => field ??= Get("skinny_qkv", "pppppppppppiiiiii");

    /// <summary><see cref="QueryKeyValue"/> to pages of e4m3.</summary>
    public CudaKernel QueryKeyValueNarrow => field ??= modules.Get("skinny.cu", "FP8=1").Kernel("skinny_qkv", "pppppppppppiiiiii");

    /// <summary>Few enough rows to lie whole beside a ring of some depth, and few enough tiles of eight weight rows (or pairs of them) for one round of all multiprocessors.</summary>
    public static bool Takes(int rows, int k, long tiles, int multiprocessors) =>
        rows <= MaxRows && tiles <= TilesAtOnce * (long)multiprocessors && Fitting(rows, k) >= FewestSlots;

    /// <summary>Slots of the ring that the weights come through.</summary>
    public static int Slots(int rows, int k) => (int)Math.Min(MostSlots, Fitting(rows, k));

    /// <param name="rows">Of the input.</param>
    /// <param name="k">Of the product.</param>
    /// <param name="warpTiles">One for each warp at a time.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static LaunchShape Shape(int rows, int k, long warpTiles, int multiprocessors) =>
        LaunchShape.Of(Math.Min(warpTiles, multiprocessors), Threads, Slots(rows, k) * (SlotBytes + BarrierBytes) + (int)InputBytes(rows, k));

    private static long Fitting(int rows, int k) => (BlockBytes - InputBytes(rows, k)) / (SlotBytes + BarrierBytes);

    private static long InputBytes(int rows, int k) => rows * (2L * k + 16) + BarrierBytes;

    private CudaKernel Get(string entry, string signature) => modules.Get("skinny.cu").Kernel(entry, signature);
}
