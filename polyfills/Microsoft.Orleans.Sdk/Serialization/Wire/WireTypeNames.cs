using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using Orleans.Runtime;
using Orleans.Runtime.Manifest;
using Orleans.Streaming;

namespace Orleans.Serialization;

/// <summary>
/// Names of types in messages: the alias, or the full name with the assembly's simple name. Only types of the framework and of assemblies that this program refers to
/// are found by name, and nothing is made of a type that is not serializable.
/// </summary>
internal sealed class WireTypeNames
{
    /// <summary>Numbers below are those of well-known types.</summary>
    public const int FirstFree = 64;

    private const int FirstKnown = 3;
    private const char AliasMark = '@';

    // The order is part of the protocol: new ones go to the end.
    private static readonly Type[] Known =
    [
        typeof(object), typeof(string), typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(char), typeof(float), typeof(double), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(byte[]),
        typeof(int[]), typeof(float[]), typeof(string[]), typeof(List<string>), typeof(List<int>), typeof(Dictionary<string, string>), typeof(GrainReference),
        typeof(GrainId), typeof(SiloAddress), typeof(Exception), typeof(EnumerationStep), typeof(GrainAddress),
    ];

    private static readonly FrozenDictionary<Type, int> KnownNumbers = Known.Index().ToFrozenDictionary(k => k.Item, k => k.Index + FirstKnown);

    private readonly ConcurrentDictionary<Type, string> _names = new();
    private readonly ConcurrentDictionary<string, Type> _types = new();
    private readonly Lazy<Dictionary<string, Type>> _aliases = new(FindAliases);

    public static bool TryGetKnownNumber(Type type, out int number) => KnownNumbers.TryGetValue(type, out number);

    public static Type KnownType(int number)
        => number >= FirstKnown && number - FirstKnown < Known.Length
            ? Known[number - FirstKnown]
            : throw new WireFormatException($"There is no well-known type {number}.");

    public string NameOf(Type type) => _names.GetOrAdd(type, MakeName);

    /// <summary>Throws <see cref="WireFormatException"/> when this process does not have the type.</summary>
    public Type Resolve(string name) => TryResolve(name) ?? throw new WireFormatException($"This process does not have the type {name}.");

    public Type? TryResolve(string name)
    {
        if (_types.TryGetValue(name, out Type? type))
            return type;

        type = name.StartsWith(AliasMark) ? _aliases.Value.GetValueOrDefault(name[1..]) : Find(name);
        return type is null ? null : _types.GetOrAdd(name, type);
    }

    private static string MakeName(Type type)
        => !type.IsGenericType && !type.IsArray && type.GetCustomAttributes<AliasAttribute>(inherit: false).FirstOrDefault() is { } alias ? AliasMark + alias.Alias : Qualified(type);

    private static string Qualified(Type type)
    {
        Type innermost = type;
        while (innermost.IsArray)
            innermost = innermost.GetElementType()!;
        string assembly = innermost.Assembly.GetName().Name!;
        string name = Unqualified(type);
        return assembly == typeof(object).Assembly.GetName().Name ? name : $"{name}, {assembly}";
    }

    private static string Unqualified(Type type)
    {
        if (type.IsArray)
            return $"{Unqualified(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (!type.IsConstructedGenericType)
            return type.FullName!;

        var name = new StringBuilder(type.GetGenericTypeDefinition().FullName).Append('[');
        foreach ((int index, Type argument) in type.GenericTypeArguments.Index())
            name.Append(index == 0 ? "[" : ",[").Append(Qualified(argument)).Append(']');
        return name.Append(']').ToString();
    }

    private static Type? Find(string name)
    {
        try
        {
            return Type.GetType(name, FindAssembly, null, throwOnError: false);
        }
        catch (Exception e) when (e is FileLoadException or FileNotFoundException or BadImageFormatException or ArgumentException or TypeLoadException)
        {
            return null;
        }
    }

    private static Assembly? FindAssembly(AssemblyName name)
    {
        if (name.Name is not { } simple)
            return null;

        return Array.Find(AppDomain.CurrentDomain.GetAssemblies(), a => !a.IsDynamic && a.GetName().Name == simple) ?? (IsFramework(simple) ? Assembly.Load(simple) : null);
    }

    private static bool IsFramework(string name) => name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "mscorlib" or "netstandard";

    private static Dictionary<string, Type> FindAliases()
    {
        var aliases = new Dictionary<string, Type>();
        foreach (Type type in ProgramAssemblies.Find().SelectMany(a => a.GetTypes()).Where(t => !t.IsInterface && !t.IsGenericType))
        {
            foreach (AliasAttribute alias in type.GetCustomAttributes<AliasAttribute>(inherit: false))
                aliases.TryAdd(alias.Alias, type);
        }

        return aliases;
    }
}
