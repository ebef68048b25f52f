namespace Orleans.Serialization;

internal sealed class ListCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var list = (List<T>)value;
        var copy = new List<T>(list.Count);
        context.Add(value, copy);
        foreach (T item in list)
            copy.Add(context.CopyOf(item));
        return copy;
    }
}
