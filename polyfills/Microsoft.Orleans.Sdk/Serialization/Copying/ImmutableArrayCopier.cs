using System.Collections.Immutable;

namespace Orleans.Serialization;

internal sealed class ImmutableArrayCopier<T> : TypeCopier
{
    public override bool IsReference => false;

    public override object Copy(object value, CopyContext context)
    {
        var array = (ImmutableArray<T>)value;
        return array.IsDefault ? array : ImmutableArray.CreateRange(array.Select(context.CopyOf));
    }
}
