using System.Reflection;

namespace Orleans.Serialization;

internal sealed class MemberField<T>(WireCodecs codecs, FieldInfo field) : MemberField
{
    private readonly WireSlot<T> _slot = codecs.Slot<T>();
    private readonly Func<object, T> _get = (Func<object, T>)CompileGetter(field, typeof(Func<object, T>));
    private readonly Action<object, T> _set = (Action<object, T>)CompileSetter(field, typeof(Action<object, T>));

    public override FieldKind Kind => _slot.Kind;

    public override void Write(WireWriter writer, object owner) => _slot.Write(writer, _get(owner));

    public override void Read(WireReader reader, object owner) => _set(owner, _slot.Read(reader));
}
