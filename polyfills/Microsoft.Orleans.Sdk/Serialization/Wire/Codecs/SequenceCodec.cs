namespace Orleans.Serialization;

/// <summary>Collections that are made of all of their elements at once.</summary>
internal sealed class SequenceCodec<TCollection, TItem>(WireCodecs codecs, Func<TCollection, IEnumerable<TItem>?> items, Func<TItem[], TCollection> make)
    : WireCodec<TCollection>
{
    private readonly WireSlot<TItem> _slot = codecs.Slot<TItem>();

    public override bool IsTracked => !typeof(TCollection).IsValueType;

    public override void Write(WireWriter writer, TCollection value)
    {
        TItem[]? all = items(value)?.ToArray();
        writer.WriteVarint(all is null ? 0 : (ulong)all.Length + 1);
        foreach (TItem item in all ?? [])
            _slot.Write(writer, item);
    }

    public override TCollection Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        ulong count = reader.ReadVarint();
        if (count == 0)
            return default!;
        if (count - 1 > (ulong)reader.Remaining)
            throw new WireFormatException($"A collection of {count - 1} elements in the {reader.Remaining} bytes that are left.");

        var all = new TItem[count - 1];
        for (int i = 0; i < all.Length; i++)
            all[i] = _slot.Read(reader);
        TCollection collection = make(all);
        if (reference >= 0)
            reader.Register(reference, collection!);
        return collection;
    }
}
