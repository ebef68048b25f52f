using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The residual stream [T, C] between a device and the wire, as f32 bit for bit or rounded to bf16 (nearest, ties to even).</summary>
internal sealed class HiddenWire(IBackend backend, DataType type)
{
    private float[] _floats = [];

    private int BytesFor(Matrix hidden) => hidden.Rows * hidden.Columns * type.SizeInBytes();

    public void Write(Matrix hidden, FrameWriter frame)
    {
        var wire = frame.Take(BytesFor(hidden));
        if (type == DataType.Float32)
        {
            backend.Read(hidden.Buffer, hidden.Offset, wire);
            return;
        }

        var floats = Floats(hidden);
        backend.Read(hidden.Buffer, hidden.Offset, MemoryMarshal.AsBytes(floats));
        Round(MemoryMarshal.Cast<float, uint>(floats), MemoryMarshal.Cast<byte, ushort>(wire));
    }

    public void Read(ReadOnlySpan<byte> wire, Matrix hidden)
    {
        Require(wire.Length, hidden, type);
        if (type == DataType.Float32)
        {
            backend.Write(hidden.Buffer, hidden.Offset, wire);
            return;
        }

        var floats = Floats(hidden);
        Widen(wire, floats);
        backend.Write(hidden.Buffer, hidden.Offset, MemoryMarshal.AsBytes(floats));
    }

    /// <exception cref="InvalidDataException">So many bytes are not what hidden states of that shape take.</exception>
    public static void Require(int bytes, Matrix hidden, DataType type)
    {
        var expected = hidden.Rows * hidden.Columns * type.SizeInBytes();
        if (bytes != expected)
        {
            throw new InvalidDataException($"{bytes} bytes of hidden states; expected {expected} for [{hidden.Rows}, {hidden.Columns}] as {type}");
        }
    }

    /// <summary>Adds hidden states to a frame.</summary>
    public static void Write(ReadOnlySpan<float> hidden, DataType type, FrameWriter frame)
    {
        var wire = frame.Take(hidden.Length * type.SizeInBytes());
        if (type == DataType.Float32)
        {
            MemoryMarshal.AsBytes(hidden).CopyTo(wire);
        }
        else
        {
            Round(MemoryMarshal.Cast<float, uint>(hidden), MemoryMarshal.Cast<byte, ushort>(wire));
        }
    }

    /// <summary>Hidden states that came as bf16.</summary>
    public static void Widen(ReadOnlySpan<byte> wire, Span<float> hidden) => Widen(MemoryMarshal.Cast<byte, ushort>(wire), MemoryMarshal.Cast<float, uint>(hidden));

    private static void Round(ReadOnlySpan<uint> bits, Span<ushort> rounded)
    {
        for (var i = 0; i < bits.Length; i++)
        {
            rounded[i] = (ushort)((bits[i] + 0x7FFF + ((bits[i] >> 16) & 1)) >> 16);
        }
    }

    private static void Widen(ReadOnlySpan<ushort> rounded, Span<uint> bits)
    {
        for (var i = 0; i < rounded.Length; i++)
        {
            bits[i] = (uint)rounded[i] << 16;
        }
    }

    private Span<float> Floats(Matrix hidden)
    {
        var count = hidden.Rows * hidden.Columns;
        if (_floats.Length < count)
        {
            _floats = new float[count];
        }

        return _floats.AsSpan(0, count);
    }
}
