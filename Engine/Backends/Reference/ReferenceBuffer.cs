using System.Runtime.InteropServices;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Reference;

/// <summary>
/// Host memory read and written one element at a time. Fresh memory holds NaN, so that a step which reads what nobody wrote is seen at once.
/// </summary>
internal sealed class ReferenceBuffer : DeviceBuffer
{
    private readonly float[] _singles = [];
    private readonly ushort[] _halves = [];
    private readonly byte[] _bytes = [];

    public ReferenceBuffer(DataType type, long length)
        : base(type, length)
    {
        if (type == DataType.Float32)
        {
            _singles = new float[length];
            _singles.AsSpan().Fill(float.NaN);
        }
        else if (type == DataType.Float8E4M3)
        {
            _bytes = new byte[length];
            _bytes.AsSpan().Fill(Float8Bits.FromSingle(float.NaN));
        }
        else
        {
            _halves = new ushort[length];
            _halves.AsSpan().Fill(Float16Bits.FromSingle(float.NaN, type));
        }
    }

    public float this[long index]
    {
        get => Type switch
        {
            DataType.Float32 => _singles[index],
            DataType.Float8E4M3 => Float8Bits.ToSingle(_bytes[index]),
            _ => Float16Bits.ToSingle(_halves[index], Type),
        };
        set
        {
            switch (Type)
            {
                case DataType.Float32: _singles[index] = value; break;
                case DataType.Float8E4M3: _bytes[index] = Float8Bits.FromSingle(value); break;
                default: _halves[index] = Float16Bits.FromSingle(value, Type); break;
            }
        }
    }

    /// <summary>Elements as f32 memory; only for buffers of that type (activations and recurrent states).</summary>
    public Span<float> Singles(long start, int count) => Type == DataType.Float32
        ? _singles.AsSpan(checked((int)start), count)
        : throw new InvalidOperationException($"the buffer holds {Type}; expected Float32");

    /// <summary>The raw bytes of elements [start, start + count).</summary>
    public Span<byte> Bytes(long start, int count) => Type switch
    {
        DataType.Float32 => MemoryMarshal.AsBytes(_singles.AsSpan(checked((int)start), count)),
        DataType.Float8E4M3 => _bytes.AsSpan(checked((int)start), count),
        _ => MemoryMarshal.AsBytes(_halves.AsSpan(checked((int)start), count)),
    };

    protected override void Dispose(bool disposing)
    {
    }
}
