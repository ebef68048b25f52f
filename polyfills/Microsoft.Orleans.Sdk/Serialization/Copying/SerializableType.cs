using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>The fields of a type that is marked with [GenerateSerializer], its base types included.</summary>
internal sealed class SerializableType
{
    private SerializableType(Type type, IReadOnlyList<FieldInfo> included, IReadOnlyList<FieldInfo> excluded)
    {
        Type = type;
        Included = included;
        Excluded = excluded;
    }

    public Type Type { get; }

    /// <summary>Fields with an id.</summary>
    public IReadOnlyList<FieldInfo> Included { get; }

    /// <summary>Fields marked [NonSerialized]; they do not cross.</summary>
    public IReadOnlyList<FieldInfo> Excluded { get; }

    public static bool IsMarked(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    public static bool IsImmutable(Type type) => type.IsDefined(typeof(ImmutableAttribute), inherit: false);

    public static bool IsImmutable(FieldInfo field)
        => field.IsDefined(typeof(ImmutableAttribute)) || (PropertyOf(field)?.IsDefined(typeof(ImmutableAttribute)) ?? false);

    /// <summary>Reads a type. Throws <see cref="CodecNotFoundException"/> when one of its fields has no id, or two have the same.</summary>
    public static SerializableType Read(Type type)
    {
        List<FieldInfo> included = [];
        List<FieldInfo> excluded = [];
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType) && level != typeof(Exception); level = level.BaseType)
            ReadLevel(level, type, included, excluded);
        return new SerializableType(type, included, excluded);
    }

    private static void ReadLevel(Type level, Type type, List<FieldInfo> included, List<FieldInfo> excluded)
    {
        FieldInfo[] fields = level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        if (fields.Length > 0 && !IsMarked(level))
            throw new CodecNotFoundException($"{type} cannot cross a grain call: its base type {level} is not marked with [GenerateSerializer].");

        var ids = new Dictionary<uint, string>();
        foreach (FieldInfo field in fields)
        {
            if (field.IsDefined(typeof(NonSerializedAttribute)) || (PropertyOf(field)?.IsDefined(typeof(NonSerializedAttribute)) ?? false))
            {
                excluded.Add(field);
                continue;
            }

            if (IdOf(field) is { } id && !ids.TryAdd(id, field.Name))
                throw new CodecNotFoundException($"{level} cannot cross a grain call: {MemberName(field)} has the same [Id({id})] as another member.");
            if (IdOf(field) is null && !HasImplicitId(level, field))
                throw new CodecNotFoundException($"{level} cannot cross a grain call: {MemberName(field)} has neither [Id] nor [NonSerialized].");
            included.Add(field);
        }
    }

    private static uint? IdOf(FieldInfo field)
        => (field.GetCustomAttribute<IdAttribute>() ?? PropertyOf(field)?.GetCustomAttribute<IdAttribute>())?.Id;

    private static bool HasImplicitId(Type level, FieldInfo field)
    {
        GenerateSerializerAttribute options = level.GetCustomAttribute<GenerateSerializerAttribute>()!;
        PropertyInfo? property = PropertyOf(field);
        if (options.GenerateFieldIds == GenerateFieldIds.PublicProperties && property is { GetMethod.IsPublic: true, SetMethod.IsPublic: true })
            return true;

        bool takesConstructorParameters = options.IncludePrimaryConstructorParameters || IsRecord(level);
        return takesConstructorParameters && IsConstructorParameter(level, MemberName(field));
    }

    private static bool IsConstructorParameter(Type level, string name)
        => level.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Any(c => c.GetParameters().Any(p => p.Name == name));

    private static bool IsRecord(Type type)
        => type.GetMethod("<Clone>$") is not null
            || type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic)?.IsDefined(typeof(CompilerGeneratedAttribute)) == true;

    private static PropertyInfo? PropertyOf(FieldInfo field)
        => field.Name.StartsWith('<') && field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal)
            ? field.DeclaringType!.GetProperty(MemberName(field), BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            : null;

    // Backing fields are named <Property>k__BackingField, captured constructor parameters <parameter>P.
    private static string MemberName(FieldInfo field)
        => field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;
}
