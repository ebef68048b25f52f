using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>attention_decode.cu, attention_prefill.cu, linear_attention.cu and linear_attention_chunked.cu, compiled for the head sizes and groups in use.</summary>
internal sealed class AttentionKernels(KernelModules modules)
{
    /// <summary>Tokens of a chunk in linear_attention_chunked.cu.</summary>
    public const int ChunkTokens = 16;

    private readonly Dictionary<(int Dim, int Group, bool Deep, bool IsNarrow), CudaKernel> _decode = [];
    private readonly Dictionary<int, CudaKernel> _prefill = [];
    private CudaKernel? _linear64;
    private CudaKernel? _linear128;
    private CudaKernel? _chunked64;
    private CudaKernel? _chunked128;
    private CudaKernel? _groupNormKeep64;
    private CudaKernel? _groupNormKeep128;
    private CudaKernel? _groupNorm64;
    private CudaKernel? _groupNorm128;

    /// <param name="dim">Of a head.</param>
    /// <param name="group">Query heads of a key-value head.</param>
    /// <param name="deep">One block with a deep ring on a multiprocessor, instead of two; the same bits.</param>
    /// <param name="isNarrow">Pages of e4m3.</param>
    public CudaKernel Decode(int dim, int group, bool deep, bool isNarrow)
    {
        if (!_decode.TryGetValue((dim, group, deep, isNarrow), out var kernel))
        {
            _decode[(dim, group, deep, isNarrow)] = kernel = modules
                .Get("attention_decode.cu", $"HEAD_DIM={dim}", $"GROUP={group}", $"DEEP={(deep ? 1 : 0)}", $"FP8={(isNarrow ? 1 : 0)}")
                .Kernel("attention_decode", "pppppppppiifii");
        }

        return kernel;
    }

    public CudaKernel Prefill(int dim)
    {
        if (!_prefill.TryGetValue(dim, out var kernel))
        {
            _prefill[dim] = kernel = modules.Get("attention_prefill.cu", $"HEAD_DIM={dim}").Kernel("attention_prefill", "tttppppiifi");
        }

        return kernel;
    }

    public CudaKernel Linear(int dim) => dim == 64
        ? _linear64 ??= NewLinear(dim)
        : _linear128 ??= NewLinear(dim);

    public CudaKernel GroupNorm(int dim) => dim == 64
        ? _groupNorm64 ??= NewGroupNorm(dim)
        : _groupNorm128 ??= NewGroupNorm(dim);

    public CudaKernel LinearChunked(int dim) => dim == 64
        ? _chunked64 ??= NewChunked(dim)
        : _chunked128 ??= NewChunked(dim);

    public CudaKernel GroupNormKeep(int dim) => dim == 64
        ? _groupNormKeep64 ??= NewGroupNormKeep(dim)
        : _groupNormKeep128 ??= NewGroupNormKeep(dim);

    /// <summary>Bytes of shared memory that a decode block asks for.</summary>
    public static int DecodeShared(int dim, bool deep) => 768 * dim * (deep ? 2 : 1) + 16 * (2 * dim + 16) + 16 * 272 + 2560;

    public static int PrefillShared(int dim) => 1024 + 128 * dim * 14 + 128;

    private CudaKernel NewLinear(int dim) => modules.Get("linear_attention.cu", $"HEAD_DIM={dim}").Kernel("linear_attention", "pppppppiif");

    private CudaKernel NewChunked(int dim) => Chunked(dim).Kernel("linear_attention_chunked", "pppplpppii");

    private CudaKernel NewGroupNormKeep(int dim) => Chunked(dim).Kernel("group_norm_keep", "ppfppplppiii");

    private CudaModule Chunked(int dim) => modules.Get("linear_attention_chunked.cu", $"HEAD_DIM={dim}");

    private CudaKernel NewGroupNorm(int dim) => modules.Get("linear_attention.cu", $"HEAD_DIM={dim}").Kernel("group_norm", "ppif");
}
