namespace Orleans.Serialization;

internal sealed class MemoryCopier<T> : TypeCopier
{
    public override bool IsReference => false;

    public override object Copy(object value, CopyContext context) => new Memory<T>(context.CopyOf(((Memory<T>)value).ToArray()));
}
