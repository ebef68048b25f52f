using Orleans.Streaming;

namespace Orleans.Serialization;

internal sealed class EnumerationStepCopier : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        ((EnumerationStep)value).Elements?.CopyElements(context);
        return value;
    }
}
