using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Tuples and value tuples: their items in order.</summary>
internal sealed class TupleCodec<T> : WireCodec<T>
{
    private readonly MemberField[] _fields;

    public TupleCodec(WireCodecs codecs)
    {
        FieldInfo[] fields = typeof(T).GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        _fields = Array.ConvertAll(fields, f => MemberField.Create(codecs, f));
    }

    public override bool IsTracked => !typeof(T).IsValueType;

    public override void Write(WireWriter writer, T value)
    {
        object boxed = value!;
        foreach (MemberField field in _fields)
            field.Write(writer, boxed);
    }

    public override T Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        object tuple = RuntimeHelpers.GetUninitializedObject(typeof(T));
        reader.Register(reference, tuple);
        foreach (MemberField field in _fields)
            field.Read(reader, tuple);
        return (T)tuple;
    }
}
