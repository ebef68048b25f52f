namespace Orleans.Serialization;

internal sealed class KeyValuePairCodec<TKey, TValue>(WireCodecs codecs) : WireCodec<KeyValuePair<TKey, TValue>>
{
    private readonly WireSlot<TKey> _key = codecs.Slot<TKey>();
    private readonly WireSlot<TValue> _value = codecs.Slot<TValue>();

    public override void Write(WireWriter writer, KeyValuePair<TKey, TValue> value)
    {
        _key.Write(writer, value.Key);
        _value.Write(writer, value.Value);
    }

    public override KeyValuePair<TKey, TValue> Read(WireReader reader)
    {
        TKey key = _key.Read(reader);
        return new KeyValuePair<TKey, TValue>(key, _value.Read(reader));
    }
}
