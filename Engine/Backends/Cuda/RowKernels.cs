using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>rows.cu, rms_norm.cu and rope.cu: what is done to rows between the products, for bf16 activations.</summary>
internal sealed class RowKernels(KernelModules modules)
{
    public CudaKernel Embed => field ??= modules.Get("rows.cu").Kernel("embed", "pppii");

    public CudaKernel SwiGlu => field ??= modules.Get("rows.cu").Kernel("swiglu", "pppl");

    public CudaKernel BiasRelu => field ??= modules.Get("rows.cu").Kernel("bias_relu", "ppii");

    public CudaKernel GatherRows => field ??= modules.Get("rows.cu").Kernel("gather_rows", "pppii");

    public CudaKernel RmsNorm => field ??= modules.Get("rms_norm.cu").Kernel("rms_norm", "pppif");

    public CudaKernel RmsNormF32 => field ??= modules.Get("rms_norm.cu").Kernel("rms_norm_f32", "pppif");

    public CudaKernel RopeAngles => field ??= modules.Get("rope.cu").Kernel("rope_angles", "pppiifpi");

    public CudaKernel RopeStore => field ??= modules.Get("rope.cu").Kernel("rope_store", "pppppppppiiiii");

    /// <summary><see cref="RopeStore"/> to pages of e4m3.</summary>
    public CudaKernel RopeStoreNarrow => field ??= modules.Get("rope.cu", "FP8=1").Kernel("rope_store", "pppppppppiiiii");

    public CudaKernel WidenPages => field ??= modules.Get("pages.cu").Kernel("widen_pages", "pppiippppii");

    public CudaKernel RopeRows => field ??= modules.Get("rope.cu").Kernel("rope_rows", "ppii");
}
