using System.Collections;
using System.Globalization;
using System.Net;
using Orleans.Runtime.Invocation;
using Orleans.Streaming;

namespace Orleans.Serialization;

/// <summary>Decides how a type is written, or that it cannot be.</summary>
internal sealed class WireCodecFactory(WireCodecs codecs, GrainReferences references, GrainInterfaces interfaces)
{
    private static readonly Type[] OpenFamilies = [typeof(Type), typeof(CultureInfo), typeof(IPAddress), typeof(Uri)];

    public static Type CanonicalOf(Type type) => Array.Find(OpenFamilies, f => f.IsAssignableFrom(type)) ?? type;

    public WireCodec Create(Type type)
    {
        if (PlainCodecs.TryGet(type) is { } plain)
            return plain;
        if (RuntimeCodecs.TryCreate(type, codecs, references, interfaces) is { } runtime)
            return runtime;
        if (type.IsEnum)
            return Make(typeof(EnumCodec<>), type);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Make(typeof(NullableCodec<>), underlying, codecs);
        if (type.IsArray)
            return CreateArrayCodec(type);
        if (type == typeof(BitArray))
            return new BitArrayCodec();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(StreamBatch<>))
            return Make(typeof(StreamBatchCodec<>), type.GenericTypeArguments[0], codecs);
        if (KnownGenericCodecs.TryCreate(type, codecs) is { } known)
            return known;

        return SerializableType.IsMarked(type) ? Make(typeof(ObjectCodec<>), type, codecs) : throw TypeCopierFactory.NotSerializable(type);
    }

    private static WireCodec Make(Type generic, Type argument, params object[] arguments)
        => (WireCodec)Activator.CreateInstance(generic.MakeGenericType(argument), arguments)!;

    private WireCodec CreateArrayCodec(Type type)
    {
        Type element = type.GetElementType()!;
        if (!type.IsSZArray)
            return Make(typeof(MatrixCodec<>), type, codecs);

        return BlittableElements.Has(element) ? Make(typeof(BlittableArrayCodec<>), element) : Make(typeof(ArrayCodec<>), element, codecs);
    }
}
