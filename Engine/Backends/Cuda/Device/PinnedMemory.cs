namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Page-locked host memory: copies from and to it run at the speed of the bus and without the host.</summary>
internal sealed unsafe class PinnedMemory(CudaContext context, long bytes) : CudaHandle(context, Allocate(context, bytes))
{
    private const uint Portable = 1;

    public byte* Data => (byte*)Value;

    public long Bytes { get; } = bytes;

    protected override int Free(nint value) => Context.Driver.MemFreeHost((void*)value);

    private static nint Allocate(CudaContext context, long bytes)
    {
        context.MakeCurrent();
        void* data;
        context.Driver.Check(context.Driver.MemHostAlloc(&data, (nuint)Math.Max(bytes, 1), Portable), "cuMemHostAlloc", $"{bytes} bytes");
        return (nint)data;
    }
}
