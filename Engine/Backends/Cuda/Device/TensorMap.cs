using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Tells the copy engine how a bf16 matrix lies in device memory: boxes of some rows and 64 columns, swizzled by 128 bytes, zeros outside. An argument of kernels, by value.</summary>
internal sealed unsafe class TensorMap : SafeHandle
{
    public const int Bytes = 128;
    private const int BFloat16 = 9;
    private const int Swizzle128 = 3;
    /// <summary>Of 256 bytes takes a tenth of the reading speed.</summary>
    private const int Promote128 = 2;
    private const uint BoxColumns = 64;
    private const uint PanelRows = 8;

    /// <param name="context">Of the device.</param>
    /// <param name="address">Of element [0, 0]; a multiple of 16.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row; a multiple of 8.</param>
    /// <param name="boxRows">Rows of a box, 256 at most.</param>
    public TensorMap(CudaContext context, ulong address, long rows, int columns, int boxRows)
        : base(0, ownsHandle: true)
    {
        SetHandle((nint)NativeMemory.AlignedAlloc(Bytes, 64));
        var sizes = stackalloc ulong[] { (ulong)columns, (ulong)rows };
        var strides = stackalloc ulong[] { (ulong)columns * 2 };
        var box = stackalloc uint[] { BoxColumns, (uint)boxRows };
        var steps = stackalloc uint[] { 1, 1 };
        context.MakeCurrent();
        context.Driver.Check(
            context.Driver.TensorMapEncodeTiled((void*)handle, BFloat16, 2, address, sizes, strides, box, steps, 0, Swizzle128, Promote128, 0),
            "cuTensorMapEncodeTiled", $"bf16 [{rows}, {columns}] at 0x{address:x}, boxes of {boxRows} rows");
    }

    /// <summary>The matrix as panels of 64 columns, [columns / 64][rows][64]; a box is some panels of eight rows.</summary>
    /// <param name="context">Of the device.</param>
    /// <param name="matrix">Where it lies and how large it is; columns are a multiple of 64.</param>
    /// <param name="panels">Of a box.</param>
    public TensorMap(CudaContext context, (ulong Address, long Rows, int Columns) matrix, int panels)
        : base(0, ownsHandle: true)
    {
        SetHandle((nint)NativeMemory.AlignedAlloc(Bytes, 64));
        var sizes = stackalloc ulong[] { BoxColumns, (ulong)matrix.Rows, (ulong)matrix.Columns / BoxColumns };
        var strides = stackalloc ulong[] { (ulong)matrix.Columns * 2, BoxColumns * 2 };
        var box = stackalloc uint[] { BoxColumns, PanelRows, (uint)panels };
        var steps = stackalloc uint[] { 1, 1, 1 };
        context.MakeCurrent();
        context.Driver.Check(
            context.Driver.TensorMapEncodeTiled((void*)handle, BFloat16, 3, matrix.Address, sizes, strides, box, steps, 0, Swizzle128, Promote128, 0),
            "cuTensorMapEncodeTiled", $"bf16 [{matrix.Rows}, {matrix.Columns}] at 0x{matrix.Address:x}, boxes of {panels} panels");
    }

    public nint Value => handle;

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
