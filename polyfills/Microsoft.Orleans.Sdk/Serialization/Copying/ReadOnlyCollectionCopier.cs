using System.Collections.ObjectModel;

namespace Orleans.Serialization;

internal sealed class ReadOnlyCollectionCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var items = new List<T>(((ReadOnlyCollection<T>)value).Count);
        var copy = new ReadOnlyCollection<T>(items);
        context.Add(value, copy);
        foreach (T item in (ReadOnlyCollection<T>)value)
            items.Add(context.CopyOf(item));
        return copy;
    }
}
