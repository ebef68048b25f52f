namespace Orleans.Serialization;

internal sealed class ListCodec<T>(WireCodecs codecs) : WireCodec<List<T>>
{
    private readonly WireSlot<T> _slot = codecs.Slot<T>();

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, List<T> value)
    {
        writer.WriteVarint((ulong)value.Count);
        foreach (T item in value)
            _slot.Write(writer, item);
    }

    public override List<T> Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        int count = reader.ReadCount();
        var list = new List<T>(count);
        reader.Register(reference, list);
        for (int i = 0; i < count; i++)
            list.Add(_slot.Read(reader));
        return list;
    }
}
