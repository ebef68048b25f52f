using Orleans.Streaming;

namespace Orleans.Serialization;

internal sealed class EnumerationStepCopier : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var step = (EnumerationStep)value;
        object? elements = context.Copy(step.Elements);
        return ReferenceEquals(elements, step.Elements) ? step : step with { Elements = elements };
    }
}
