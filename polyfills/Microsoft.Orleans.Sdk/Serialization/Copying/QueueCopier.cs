namespace Orleans.Serialization;

internal sealed class QueueCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var queue = (Queue<T>)value;
        var copy = new Queue<T>(queue.Count);
        context.Add(value, copy);
        foreach (T item in queue)
            copy.Enqueue(context.CopyOf(item));
        return copy;
    }
}
