using System.Runtime.InteropServices;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Reference;

/// <summary>A weight converted to f32 when it is loaded: exact for all three types.</summary>
internal sealed unsafe class ReferenceWeight : Weight
{
    private readonly float[] _values;

    public ReferenceWeight(HostTensor tensor)
        : base(tensor.Type, tensor.Rows, tensor.Columns)
    {
        _values = new float[checked(tensor.Rows * tensor.Columns)];
        var bytes = new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.SizeInBytes));
        if (tensor.Type == DataType.Float32)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(_values.AsSpan()));
            return;
        }

        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = Float16Bits.ToSingle(MemoryMarshal.Read<ushort>(bytes[(2 * i)..]), tensor.Type);
        }
    }

    public ReadOnlySpan<float> Row(int row) => _values.AsSpan(row * Columns, Columns);

    protected override void Dispose(bool disposing)
    {
    }
}
