namespace Orleans.Serialization;

internal sealed class DictionaryCodec<TKey, TValue>(WireCodecs codecs) : WireCodec<Dictionary<TKey, TValue>>
    where TKey : notnull
{
    private readonly WireSlot<TKey> _keys = codecs.Slot<TKey>();
    private readonly WireSlot<TValue> _values = codecs.Slot<TValue>();

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, Dictionary<TKey, TValue> value)
    {
        KnownComparers.Write(writer, value.Comparer);
        writer.WriteVarint((ulong)value.Count);
        foreach ((TKey key, TValue item) in value)
        {
            _keys.Write(writer, key);
            _values.Write(writer, item);
        }
    }

    public override Dictionary<TKey, TValue> Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        IEqualityComparer<TKey>? comparer = KnownComparers.Read<TKey>(reader);
        int count = reader.ReadCount();
        var dictionary = new Dictionary<TKey, TValue>(count, comparer);
        reader.Register(reference, dictionary);
        for (int i = 0; i < count; i++)
        {
            TKey key = _keys.Read(reader);
            dictionary.Add(key, _values.Read(reader));
        }

        return dictionary;
    }
}
