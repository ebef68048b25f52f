using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>A buffer in a device's memory; zero when it is new.</summary>
internal sealed class CudaBuffer(DataType type, long length, DeviceMemory memory) : DeviceBuffer(type, length)
{
    public ulong Address => memory.Address;

    /// <summary>Address of an element.</summary>
    public ulong At(long element) => memory.Address + (ulong)(element * Type.SizeInBytes());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            memory.Dispose();
        }
    }
}
