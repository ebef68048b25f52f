using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>generic.cu: every operator for any shape and type.</summary>
internal sealed class GenericKernels(KernelModules modules)
{
    public CudaKernel Convert => field ??= Get("convert", "pipil");

    public CudaKernel SplitInTwo => field ??= Get("split_in_two", "pppl");

    public CudaKernel MoveBlocks => field ??= Get("move_blocks", "ppllli");

    public CudaKernel Embed => field ??= Get("embed", "ppipii");

    public CudaKernel GatherRows => field ??= Get("gather_rows", "pippii");

    public CudaKernel RmsNorm => field ??= Get("rms_norm", "pipfpii");

    public CudaKernel Project => field ??= Get("project_any", "pipipiiiii");

    public CudaKernel Rope => field ??= Get("rope", "pippiifii");

    public CudaKernel StoreKeyValue => field ??= Get("store_key_value", "ppippipppiii");

    public CudaKernel Attend => field ??= Get("attend_any", "pippippppiiiif");

    public CudaKernel SwiGlu => field ??= Get("swiglu", "ppil");

    public CudaKernel BiasRelu => field ??= Get("bias_relu", "pipi");

    public CudaKernel GroupNorm => field ??= Get("group_norm", "pifi");

    public CudaKernel LinearAttention => field ??= Get("linear_attention_any", "pppiplpppii");

    public CudaKernel LinearAttentionChunks => field ??= Get("linear_attention_chunks_any", "pppipliipppii");

    public CudaKernel KeepOpen => field ??= Get("keep_open_any", "ppipliipiii");

    private CudaKernel Get(string entry, string signature) => modules.Get("generic.cu").Kernel(entry, signature);
}
