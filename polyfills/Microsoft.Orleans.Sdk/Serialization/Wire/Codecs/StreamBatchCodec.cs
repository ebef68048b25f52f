using Orleans.Streaming;

namespace Orleans.Serialization;

internal sealed class StreamBatchCodec<T>(WireCodecs codecs) : WireCodec<StreamBatch<T>>
{
    private readonly WireSlot<T> _slot = codecs.Slot<T>();

    public override void Write(WireWriter writer, StreamBatch<T> value)
    {
        writer.WriteVarint((ulong)value.Count);
        for (int i = 0; i < value.Count; i++)
            _slot.Write(writer, value[i]);
    }

    public override StreamBatch<T> Read(WireReader reader)
    {
        int count = reader.ReadCount();
        if (count == 0)
            throw new WireFormatException("A batch of a stream without elements.");

        var batch = new StreamBatch<T>(_slot.Read(reader));
        for (int i = 1; i < count; i++)
            batch.Add(_slot.Read(reader));
        return batch;
    }
}
