namespace Orleans.Serialization;

internal sealed class SortedSetCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var set = (SortedSet<T>)value;
        var copy = new SortedSet<T>(set.Comparer);
        context.Add(value, copy);
        foreach (T item in set)
            copy.Add(context.CopyOf(item));
        return copy;
    }
}
