using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>A weight used where it lies, usually in a mapped file: no copy, no other layout, any alignment.</summary>
internal sealed unsafe class MappedWeight(HostTensor tensor) : Weight(tensor.Type, tensor.Rows, tensor.Columns)
{
    public byte* Data { get; } = tensor.Data;

    protected override void Dispose(bool disposing)
    {
        // The memory is the checkpoint's.
    }
}
