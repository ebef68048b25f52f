using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>A block of host memory.</summary>
internal sealed unsafe class HostBuffer(DataType type, long length) : DeviceBuffer(type, length)
{
    private readonly AlignedBlock _block = new(checked(length * type.SizeInBytes()));

    public byte* Data => _block.Data;

    protected override void Dispose(bool disposing) => _block.Dispose();
}
