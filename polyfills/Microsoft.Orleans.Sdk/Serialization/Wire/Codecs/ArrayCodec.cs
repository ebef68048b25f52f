namespace Orleans.Serialization;

internal sealed class ArrayCodec<T>(WireCodecs codecs) : WireCodec<T[]>
{
    private readonly WireSlot<T> _slot = codecs.Slot<T>();

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, T[] value)
    {
        writer.WriteVarint((ulong)value.Length);
        foreach (T item in value)
            _slot.Write(writer, item);
    }

    public override T[] Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        var array = new T[reader.ReadCount()];
        reader.Register(reference, array);
        for (int i = 0; i < array.Length; i++)
            array[i] = _slot.Read(reader);
        return array;
    }
}
