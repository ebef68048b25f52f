using System.Reflection;

namespace Orleans.Serialization;

/// <summary>Tuples and value tuples, which are shared when all of their items are plain values.</summary>
internal sealed class TupleCopier : TypeCopier
{
    private static readonly Func<object, object> Clone =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    private readonly FieldInfo[] _deep;
    private readonly bool _isReference;

    public TupleCopier(Type type)
    {
        _isReference = !type.IsValueType;
        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        _deep = Array.FindAll(fields, f => !TypeCopierFactory.IsShallow(f.FieldType));
    }

    public override bool IsShallow => _deep.Length == 0;

    public override bool IsReference => _isReference;

    public override object Copy(object value, CopyContext context)
    {
        object copy = Clone(value);
        foreach (FieldInfo field in _deep)
            field.SetValue(copy, context.Copy(field.GetValue(value)));
        return copy;
    }
}
