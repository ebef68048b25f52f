namespace Orleans.Serialization;

internal sealed class SortedDictionaryCopier<TKey, TValue> : TypeCopier
    where TKey : notnull
{
    public override object Copy(object value, CopyContext context)
    {
        var dictionary = (SortedDictionary<TKey, TValue>)value;
        var copy = new SortedDictionary<TKey, TValue>(dictionary.Comparer);
        context.Add(value, copy);
        foreach ((TKey key, TValue item) in dictionary)
            copy.Add(context.CopyOf(key), context.CopyOf(item));
        return copy;
    }
}
