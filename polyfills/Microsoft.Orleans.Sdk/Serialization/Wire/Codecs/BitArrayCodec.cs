using System.Collections;

namespace Orleans.Serialization;

internal sealed class BitArrayCodec : WireCodec<BitArray>
{
    public override bool IsTracked => true;

    public override void Write(WireWriter writer, BitArray value)
    {
        var bytes = new byte[(value.Length + 7) / 8];
        value.CopyTo(bytes, 0);
        writer.WriteVarint((ulong)value.Length);
        writer.WriteBytes(bytes);
    }

    public override BitArray Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        int length = checked((int)reader.ReadVarint());
        var bits = new BitArray(reader.Read((int)((length + 7L) / 8)).ToArray()) { Length = length };
        reader.Register(reference, bits);
        return bits;
    }
}
