namespace Orleans.Serialization;

internal sealed class ReadOnlyMemoryCopier<T> : TypeCopier
{
    public override bool IsReference => false;

    public override object Copy(object value, CopyContext context) => new ReadOnlyMemory<T>(context.CopyOf(((ReadOnlyMemory<T>)value).ToArray()));
}
