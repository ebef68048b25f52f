using System.Collections.Immutable;

namespace Orleans.Serialization;

internal sealed class ImmutableHashSetCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var set = (ImmutableHashSet<T>)value;
        return ImmutableHashSet.CreateRange(set.KeyComparer, set.Select(context.CopyOf));
    }
}
