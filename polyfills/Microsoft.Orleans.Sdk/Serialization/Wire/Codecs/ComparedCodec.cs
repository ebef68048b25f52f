namespace Orleans.Serialization;

/// <summary>Collections that are made of their elements and a comparer.</summary>
internal sealed class ComparedCodec<TCollection, TItem>(
    WireCodecs codecs, Action<WireWriter, TCollection> writeComparer, Func<WireReader, Func<IEnumerable<TItem>, TCollection>> readComparer)
    : WireCodec<TCollection>
    where TCollection : class, IEnumerable<TItem>
{
    private readonly SequenceCodec<TItem[], TItem> _items = new(codecs, static a => a, static a => a);

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, TCollection value)
    {
        writeComparer(writer, value);
        _items.Write(writer, [.. value]);
    }

    public override TCollection Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        Func<IEnumerable<TItem>, TCollection> make = readComparer(reader);
        TCollection collection = make(_items.Read(reader) ?? []);
        reader.Register(reference, collection);
        return collection;
    }
}
