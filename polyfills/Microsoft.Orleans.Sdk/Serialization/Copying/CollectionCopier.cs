using System.Collections.ObjectModel;

namespace Orleans.Serialization;

internal sealed class CollectionCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var copy = new Collection<T>();
        context.Add(value, copy);
        foreach (T item in (Collection<T>)value)
            copy.Add(context.CopyOf(item));
        return copy;
    }
}
