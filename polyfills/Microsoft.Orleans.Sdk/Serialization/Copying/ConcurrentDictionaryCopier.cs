using System.Collections.Concurrent;

namespace Orleans.Serialization;

internal sealed class ConcurrentDictionaryCopier<TKey, TValue> : TypeCopier
    where TKey : notnull
{
    public override object Copy(object value, CopyContext context)
    {
        var dictionary = (ConcurrentDictionary<TKey, TValue>)value;
        var copy = new ConcurrentDictionary<TKey, TValue>(dictionary.Comparer);
        context.Add(value, copy);
        foreach ((TKey key, TValue item) in dictionary)
            copy[context.CopyOf(key)] = context.CopyOf(item);
        return copy;
    }
}
