using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>skinny.cu: products of one or two rows at the speed of reading the weights.</summary>
internal sealed class SkinnyKernels(KernelModules modules, int multiprocessors)
{
    /// <summary>Columns of a row that it can normalize.</summary>
    public const int MostNormed = 4096;

    private const int MaxRows = 2;
    private const int PanelColumns = 64;
    private const int MostChains = 4;
    private const int BlockBytes = 231424;
    private const int AlignmentBytes = 1024;
    private const int BarrierBytes = 16;
    private const int FewestSlots = 4;

    private readonly Dictionary<(string Entry, int Chains, int StageColumns, bool IsNarrow), CudaKernel> _kernels = [];

    /// <summary>Few enough rows to lie whole beside a ring of some depth.</summary>
    public static bool Takes(int rows, int k) => rows <= MaxRows && k % PanelColumns == 0 && Slots(rows, k, MostChains, 256) >= FewestSlots;

    /// <summary>
    /// Matrices of one round of the multiprocessors have as many chains as they need and short stages, so that the first product starts early; those of several rounds, or with a long row, have
    /// longer stages, which cost the chains less.
    /// </summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="k">Of the product.</param>
    /// <param name="warpTiles">Tiles of 16 weight rows.</param>
    public SkinnyPlan Plan(int rows, int k, long warpTiles)
    {
        var most = (warpTiles + multiprocessors - 1) / multiprocessors;
        var chains = most > MostChains ? 3 : Math.Max(2, (int)most);
        var stage = most > MostChains || k > 8192 ? 256 : 128;
        var slots = Slots(rows, k, chains, stage);
        return new SkinnyPlan(chains, stage, slots, (int)Math.Min(warpTiles, multiprocessors), AlignmentBytes + slots * SlotBytes(chains, stage) + (int)InputBytes(rows, k));
    }

    /// <param name="entry">Of skinny.cu.</param>
    /// <param name="signature">Of the entry.</param>
    /// <param name="plan">Of the product.</param>
    /// <param name="isNarrow">Pages of e4m3.</param>
    public CudaKernel Get(string entry, string signature, SkinnyPlan plan, bool isNarrow = false)
    {
        var key = (entry, plan.Chains, plan.StageColumns, isNarrow);
        if (!_kernels.TryGetValue(key, out var kernel))
        {
            _kernels[key] = kernel = modules
                .Get("skinny.cu", $"CHAINS={plan.Chains}", $"STAGE_K={plan.StageColumns}", $"FP8={(isNarrow ? 1 : 0)}").Kernel(entry, signature);
        }

        return kernel;
    }

    private static int Slots(int rows, int k, int chains, int stage) => (int)((BlockBytes - AlignmentBytes - InputBytes(rows, k)) / SlotBytes(chains, stage));

    private static int SlotBytes(int chains, int stage) => chains * stage * 32 + BarrierBytes;

    private static long InputBytes(int rows, int k) => rows * (2L * k + 16) + BarrierBytes;
}
