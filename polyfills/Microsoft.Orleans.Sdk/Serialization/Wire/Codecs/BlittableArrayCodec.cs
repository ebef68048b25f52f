using System.Runtime.InteropServices;

namespace Orleans.Serialization;

/// <summary>Arrays of numbers: their bytes as they are, little-endian.</summary>
internal sealed class BlittableArrayCodec<T> : WireCodec<T[]>
    where T : unmanaged
{
    public override bool IsTracked => true;

    public override void Write(WireWriter writer, T[] value)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes<T>(value);
        writer.WriteVarint((ulong)bytes.Length);
        writer.WriteBytes(bytes);
    }

    public override T[] Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        ReadOnlySpan<byte> bytes = reader.Read(reader.ReadCount());
        T[] array = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        reader.Register(reference, array);
        return array;
    }
}
