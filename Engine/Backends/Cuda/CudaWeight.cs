using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>A weight on a device: matrices as bf16, vectors (norms, biases) as f32.</summary>
internal sealed class CudaWeight(DataType type, int rows, int columns, DeviceMemory memory) : Weight(type, rows, columns)
{
    public ulong Address => memory.Address;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            memory.Dispose();
        }
    }
}
