using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>The fields of a type that is marked with [GenerateSerializer], its base types included.</summary>
internal sealed class SerializableType
{
    private SerializableType(Type type, IReadOnlyList<SerializableMember> members, IReadOnlyList<FieldInfo> excluded)
    {
        Type = type;
        Members = members;
        Included = [.. members.Select(m => m.Field)];
        Excluded = excluded;
    }

    public Type Type { get; }

    public IReadOnlyList<SerializableMember> Members { get; }

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
        List<SerializableMember> members = [];
        List<FieldInfo> excluded = [];
        int depth = 0;
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType) && level != typeof(Exception); level = level.BaseType)
            ReadLevel(level, depth++, type, members, excluded);
        return new SerializableType(type, members, excluded);
    }

    private static void ReadLevel(Type level, int depth, Type type, List<SerializableMember> members, List<FieldInfo> excluded)
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
            ulong wireId = (IdOf(field) is { } given ? given * 2ul : ImplicitIdOf(level, field) * 2ul + 1)
                ?? throw new CodecNotFoundException($"{level} cannot cross a grain call: {MemberName(field)} has neither [Id] nor [NonSerialized].");
            members.Add(new SerializableMember(field, depth, wireId));
        }
    }

    private static uint? IdOf(FieldInfo field)
        => (field.GetCustomAttribute<IdAttribute>() ?? PropertyOf(field)?.GetCustomAttribute<IdAttribute>())?.Id;

    // By the property's name, or by the parameter's position. Null when the member has no implicit id.
    private static ulong? ImplicitIdOf(Type level, FieldInfo field)
    {
        GenerateSerializerAttribute options = level.GetCustomAttribute<GenerateSerializerAttribute>()!;
        PropertyInfo? property = PropertyOf(field);
        if (options.GenerateFieldIds == GenerateFieldIds.PublicProperties && property is { GetMethod.IsPublic: true, SetMethod.IsPublic: true })
            return 0x10000 + StableHash.ComputeHash(property.Name);

        bool takesConstructorParameters = options.IncludePrimaryConstructorParameters || IsRecord(level);
        return takesConstructorParameters ? ConstructorParameterOf(level, MemberName(field)) : null;
    }

    private static ulong? ConstructorParameterOf(Type level, string name)
    {
        foreach (ConstructorInfo constructor in level.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (Array.Find(constructor.GetParameters(), p => p.Name == name) is { } parameter)
                return (ulong)parameter.Position;
        }

        return null;
    }

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
