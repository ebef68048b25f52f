using System.Collections.Immutable;

namespace Orleans.Serialization;

internal sealed class ImmutableDictionaryCopier<TKey, TValue> : TypeCopier
    where TKey : notnull
{
    public override object Copy(object value, CopyContext context)
    {
        var dictionary = (ImmutableDictionary<TKey, TValue>)value;
        return dictionary.ToImmutableDictionary(p => context.CopyOf(p.Key), p => context.CopyOf(p.Value), dictionary.KeyComparer, dictionary.ValueComparer);
    }
}
