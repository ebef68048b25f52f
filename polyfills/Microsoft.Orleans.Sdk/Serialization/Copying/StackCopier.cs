namespace Orleans.Serialization;

internal sealed class StackCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var stack = (Stack<T>)value;
        var copy = new Stack<T>(stack.Count);
        context.Add(value, copy);
        foreach (T item in stack.Reverse())
            copy.Push(context.CopyOf(item));
        return copy;
    }
}
