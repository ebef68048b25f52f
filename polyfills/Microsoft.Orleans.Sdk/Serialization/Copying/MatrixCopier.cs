namespace Orleans.Serialization;

/// <summary>Arrays of several dimensions whose elements are plain values.</summary>
internal sealed class MatrixCopier : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        object copy = ((Array)value).Clone();
        context.Add(value, copy);
        return copy;
    }
}
