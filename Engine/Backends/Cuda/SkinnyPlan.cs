using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>How skinny.cu is compiled and launched for one product.</summary>
/// <param name="Chains">Warps that multiply, 16 weight rows each.</param>
/// <param name="StageColumns">Columns of a slot of the ring.</param>
/// <param name="Slots">Of the ring.</param>
/// <param name="Blocks">One for a multiprocessor at most.</param>
/// <param name="SharedBytes">Of a block.</param>
internal readonly record struct SkinnyPlan(int Chains, int StageColumns, int Slots, int Blocks, int SharedBytes)
{
    private const int CopyThreads = 32;
    private const int NormThreads = 256;
    private const int PanelColumns = 64;

    /// <summary>Panels of 64 columns that are copied at a time.</summary>
    public int Panels => StageColumns / PanelColumns;

    /// <param name="isNormed">The product begins with the norm of its input.</param>
    public LaunchShape Shape(bool isNormed) => LaunchShape.Of(Blocks, CopyThreads + (isNormed ? NormThreads : 32 * Chains), SharedBytes);
}
