namespace OrleansLM.Engine.Backends.Cuda.Blas;

/// <summary>Sizes of a product of T rows, and whether its result is f32 instead of bf16.</summary>
internal readonly record struct MatMulShape(int T, int N, int K, bool WideOutput)
{
    public override string ToString() => $"[{T}, {K}] · [{N}, {K}]ᵀ, bf16 to {(WideOutput ? "f32" : "bf16")}";
}
