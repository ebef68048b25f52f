namespace Orleans.Serialization;

internal sealed class ShallowCopier : TypeCopier
{
    public override bool IsShallow => true;

    public override object Copy(object value, CopyContext context) => value;
}
