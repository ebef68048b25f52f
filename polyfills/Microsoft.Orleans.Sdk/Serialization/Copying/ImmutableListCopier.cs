using System.Collections.Immutable;

namespace Orleans.Serialization;

internal sealed class ImmutableListCopier<T> : TypeCopier
{
    public override object Copy(object value, CopyContext context) => ImmutableList.CreateRange(((ImmutableList<T>)value).Select(context.CopyOf));
}
