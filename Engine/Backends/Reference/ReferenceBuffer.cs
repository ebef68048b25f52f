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

    public ReferenceBuffer(DataType type, long length)
        : base(type, length)
    {
        if (type == DataType.Float32)
        {
            _singles = new float[length];
            _singles.AsSpan().Fill(float.NaN);
        }
        else
        {
            _halves = new ushort[length];
            _halves.AsSpan().Fill(Float16Bits.FromSingle(float.NaN, type));
        }
    }

    public float this[long index]
    {
        get => Type == DataType.Float32 ? _singles[index] : Float16Bits.ToSingle(_halves[index], Type);
        set
        {
            if (Type == DataType.Float32)
            {
                _singles[index] = value;
            }
            else
            {
                _halves[index] = Float16Bits.FromSingle(value, Type);
            }
        }
    }

    /// <summary>Elements as f32 memory; only for buffers of that type (activations and recurrent states).</summary>
    public Span<float> Singles(long start, int count) => Type == DataType.Float32
        ? _singles.AsSpan(checked((int)start), count)
        : throw new InvalidOperationException($"the buffer holds {Type}; expected Float32");

    /// <summary>The raw bytes of elements [start, start + count).</summary>
    public Span<byte> Bytes(long start, int count) => Type == DataType.Float32
        ? MemoryMarshal.AsBytes(_singles.AsSpan(checked((int)start), count))
        : MemoryMarshal.AsBytes(_halves.AsSpan(checked((int)start), count));

    protected override void Dispose(bool disposing)
    {
    }
}
