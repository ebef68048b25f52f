using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>A weight on a device: vectors (norms, biases) as f32, matrices as bf16 unless wide ones are kept.</summary>
internal sealed class CudaWeight(DataType type, int rows, int columns, DeviceMemory memory, DataType resident) : Weight(type, rows, columns)
{
    /// <summary>Element type on the device.</summary>
    public DataType Resident => resident;

    public ulong Address => memory.Address;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            memory.Dispose();
        }
    }
}
