using System.Reflection;

namespace Orleans.Serialization;

/// <summary>Looks through the declared types of all members, so that a type that cannot cross is found at the first use of the type that contains it.</summary>
internal static class SerializableTypeCheck
{
    public static void Run(Type type) => CheckMembers(type, [type]);

    private static void Check(Type type, HashSet<Type> seen)
    {
        // What an interface, an abstract or an open class holds is known only when it is copied.
        if (!seen.Add(type) || !(type.IsValueType || type.IsSealed) || TypeCopierFactory.IsShallowAtRunTime(type))
            return;

        if (Nullable.GetUnderlyingType(type) is { } underlying)
            Check(underlying, seen);
        else if (type.IsArray)
            Check(type.GetElementType()!, seen);
        else if (KnownGenericCopiers.Has(type))
            Array.ForEach(type.GenericTypeArguments, t => Check(t, seen));
        else if (!SerializableType.IsMarked(type))
            throw TypeCopierFactory.NotSerializable(type);
        else
            CheckMembers(type, seen);
    }

    private static void CheckMembers(Type type, HashSet<Type> seen)
    {
        foreach (FieldInfo field in SerializableType.Read(type).Included)
            Check(field.FieldType, seen);
    }
}
