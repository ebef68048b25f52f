namespace Orleans.Serialization;

internal sealed class DictionaryCopier<TKey, TValue> : TypeCopier
    where TKey : notnull
{
    public override object Copy(object value, CopyContext context)
    {
        var dictionary = (Dictionary<TKey, TValue>)value;
        var copy = new Dictionary<TKey, TValue>(dictionary.Count, dictionary.Comparer);
        context.Add(value, copy);
        foreach ((TKey key, TValue item) in dictionary)
            copy.Add(context.CopyOf(key), context.CopyOf(item));
        return copy;
    }
}
