using System.Collections.ObjectModel;

namespace Orleans.Serialization;

internal sealed class ReadOnlyDictionaryCopier<TKey, TValue> : TypeCopier
    where TKey : notnull
{
    public override object Copy(object value, CopyContext context)
    {
        var items = new Dictionary<TKey, TValue>(((ReadOnlyDictionary<TKey, TValue>)value).Count);
        var copy = new ReadOnlyDictionary<TKey, TValue>(items);
        context.Add(value, copy);
        foreach ((TKey key, TValue item) in (ReadOnlyDictionary<TKey, TValue>)value)
            items.Add(context.CopyOf(key), context.CopyOf(item));
        return copy;
    }
}
