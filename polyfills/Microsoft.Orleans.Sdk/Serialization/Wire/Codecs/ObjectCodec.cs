using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Objects of [GenerateSerializer] types. One with a constructor without parameters is made by it, so that members which the sender did not know have their initial values.</summary>
internal sealed class ObjectCodec<T> : WireCodec<T>
{
    private readonly MemberLevel[] _levels;
    private readonly Func<object> _create = CompileCreate();

    public ObjectCodec(WireCodecs codecs)
    {
        SerializableTypeCheck.Run(typeof(T));
        if (typeof(T).IsAbstract)
            throw new CodecNotFoundException($"{typeof(T)} is abstract.");

        _levels = [.. SerializableType.Read(typeof(T)).Members.GroupBy(m => m.Level).OrderByDescending(l => l.Key).Select(l => new MemberLevel(codecs, [.. l]))];
    }

    public override bool IsTracked => !typeof(T).IsValueType;

    public override void Write(WireWriter writer, T value)
    {
        object boxed = value!;
        foreach (MemberLevel level in _levels)
            level.Write(writer, boxed);
    }

    public override T Read(WireReader reader) => (T)ReadBoxed(reader);

    public override object ReadBoxed(WireReader reader)
    {
        int reference = reader.TakeReference();
        object value = _create();
        reader.Register(reference, value);
        foreach (MemberLevel level in _levels)
            level.Read(reader, value);
        return value;
    }

    private static Func<object> CompileCreate()
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        if (typeof(T).IsValueType || typeof(T).GetConstructor(Any, Type.EmptyTypes) is not { } constructor)
            return static () => RuntimeHelpers.GetUninitializedObject(typeof(T));

        return Expression.Lambda<Func<object>>(Expression.New(constructor)).Compile();
    }
}
