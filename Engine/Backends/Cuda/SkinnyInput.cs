namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>What a product of skinny.cu reads: bf16 rows, or rows of the residual stream that it normalizes on the way.</summary>
/// <param name="Rows">Where they lie.</param>
/// <param name="Gain">The norm's weights; 0: rows are taken as they are.</param>
/// <param name="Epsilon">Of the norm.</param>
internal readonly record struct SkinnyInput(ulong Rows, ulong Gain = 0, float Epsilon = 0)
{
    public bool IsNormed => Gain != 0;
}
