namespace Orleans.Serialization;

internal sealed class HashSetCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var set = (HashSet<T>)value;
        var copy = new HashSet<T>(set.Count, set.Comparer);
        context.Add(value, copy);
        foreach (T item in set)
            copy.Add(context.CopyOf(item));
        return copy;
    }
}
