namespace Orleans.Serialization;

internal sealed class KeyValuePairCopier<TKey, TValue> : TypeCopier
{
    public override bool IsReference => false;

    public override object Copy(object value, CopyContext context)
    {
        (TKey key, TValue item) = (KeyValuePair<TKey, TValue>)value;
        return new KeyValuePair<TKey, TValue>(context.CopyOf(key), context.CopyOf(item));
    }
}
