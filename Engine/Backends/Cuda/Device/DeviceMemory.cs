using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>A block of a device's memory, 256-byte aligned.</summary>
internal sealed unsafe class DeviceMemory(CudaContext context, long bytes) : CudaHandle(context, Allocate(context, bytes))
{
    public ulong Address => (ulong)Value;

    public long Bytes { get; } = bytes;

    protected override int Free(nint value) => Context.Driver.MemFree((ulong)value);

    /// <exception cref="InsufficientMemoryException">The device has not that much; nothing was allocated.</exception>
    private static nint Allocate(CudaContext context, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        context.MakeCurrent();
        ulong address;
        var status = context.Driver.MemAlloc(&address, (nuint)Math.Max(bytes, 1));
        if (status == DriverApi.OutOfMemory)
        {
            throw new InsufficientMemoryException(
                $"device {context.Info.Ordinal} ({context.Info.Name}) has {context.FreeBytes >> 20} MiB free of {context.Info.MemoryBytes >> 20}; {(bytes >> 20) + 1} MiB were asked for");
        }

        context.Driver.Check(status, "cuMemAlloc", $"{bytes} bytes on device {context.Info.Ordinal}");
        return (nint)address;
    }
}
