namespace Orleans.Serialization;

internal sealed class ArrayCopier<T>(bool hasShallowElements) : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var copy = (T[])((T[])value).Clone();
        context.Add(value, copy);
        if (!hasShallowElements)
        {
            for (int i = 0; i < copy.Length; i++)
                copy[i] = context.CopyOf(copy[i]);
        }

        return copy;
    }
}
