using System.Collections;

namespace Orleans.Serialization;

internal sealed class BitArrayCopier : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var copy = new BitArray((BitArray)value);
        context.Add(value, copy);
        return copy;
    }
}
