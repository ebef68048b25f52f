using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Reflection;
using System.Text;
using Orleans.Runtime;
using Orleans.Runtime.Invocation;
using Orleans.Streaming;

namespace Orleans.Serialization;

/// <summary>Decides how a type is copied, or that it cannot be.</summary>
internal sealed class TypeCopierFactory(DeepCopier copier)
{
    private static readonly FrozenSet<Type> Values = new[]
    {
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly), typeof(Half),
        typeof(Int128), typeof(UInt128), typeof(BigInteger), typeof(Complex), typeof(Rune), typeof(Index), typeof(Range), typeof(Uri), typeof(Version),
        typeof(CultureInfo), typeof(IPAddress), typeof(CancellationToken), typeof(object),
    }.ToFrozenSet();

    private readonly ShallowCopier _shallow = new();

    public TypeCopier Create(Type type)
    {
        if (IsShallowAtRunTime(type))
            return _shallow;
        if (type.IsArray)
            return CreateArrayCopier(type);
        if (KnownGenericCopiers.TryCreate(type) is { } known)
            return known;
        if (type == typeof(EnumerationStep))
            return new EnumerationStepCopier();
        if (type == typeof(MethodCall))
            return new MethodCallCopier(copier);
        if (typeof(Exception).IsAssignableFrom(type))
            return new ExceptionCopier(type);

        return SerializableType.IsMarked(type) ? CreateMemberCopier(type) : throw NotSerializable(type);
    }

    /// <summary>Whether every value of a declared type is shared: the type is sealed in effect and shallow itself.</summary>
    public static bool IsShallow(Type declared)
    {
        if (Nullable.GetUnderlyingType(declared) is { } underlying)
            return IsShallow(underlying);
        if (!declared.IsValueType && !declared.IsSealed)
            return typeof(Type).IsAssignableFrom(declared) || declared == typeof(Uri) || declared == typeof(IPAddress);

        return IsShallowAtRunTime(declared) || (SerializableType.IsMarked(declared) && SerializableType.IsImmutable(declared));
    }

    public static bool IsShallowAtRunTime(Type type)
        => type.IsPrimitive || type.IsEnum || Values.Contains(type) || typeof(Type).IsAssignableFrom(type) || typeof(CultureInfo).IsAssignableFrom(type)
            || typeof(IPAddress).IsAssignableFrom(type) || typeof(Encoding).IsAssignableFrom(type) || typeof(GrainReference).IsAssignableFrom(type)
            || (type.Assembly == typeof(SiloAddress).Assembly && type.IsDefined(typeof(ImmutableAttribute)));

    private static TypeCopier CreateArrayCopier(Type type)
    {
        Type element = type.GetElementType()!;
        if (type.IsSZArray)
            return (TypeCopier)Activator.CreateInstance(typeof(ArrayCopier<>).MakeGenericType(element), [IsShallow(element)])!;
        if (IsShallow(element))
            return new MatrixCopier();

        throw new CodecNotFoundException($"{type} cannot cross a grain call: arrays of several dimensions can only have elements that are plain values.");
    }

    private TypeCopier CreateMemberCopier(Type type)
    {
        SerializableTypeCheck.Run(type);
        return SerializableType.IsImmutable(type) ? _shallow : new MemberCopier(SerializableType.Read(type));
    }

    public static CodecNotFoundException NotSerializable(Type type) => new(
        typeof(IGrainBase).IsAssignableFrom(type)
            ? $"{type} is a grain object and cannot cross a grain call; pass this.AsReference<TGrainInterface>() instead."
            : $"{type} cannot cross a grain call: mark it with [GenerateSerializer] and its members with [Id], or use a type that is.");
}
