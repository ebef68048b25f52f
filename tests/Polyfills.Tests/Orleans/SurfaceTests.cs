using System.Reflection;

namespace OrleansLM.Polyfills.Tests.Orleans;

/// <summary>The stand-ins' public API is written down in Surface.txt. All of it exists in the packages, and nothing else in the stand-ins.</summary>
public sealed class SurfaceTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void What_is_written_down_exists() => Assert.Empty(WrittenDown().Except(Signatures()));

    [Fact]
    public void The_stand_ins_have_nothing_else()
    {
        if (typeof(IGrain).Assembly.GetName().Name == "Microsoft.Orleans.Sdk")
            Assert.Empty(Signatures().Except(WrittenDown()));
    }

    private static string[] WrittenDown() => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Orleans", "Surface.txt"));

    private static HashSet<string> Signatures() => [.. Assemblies().SelectMany(a => a.GetExportedTypes()).SelectMany(Signatures)];

    private static IEnumerable<Assembly> Assemblies()
        => Directory.GetFiles(AppContext.BaseDirectory, "*Orleans*.dll")
            .Where(f => !Path.GetFileName(f).StartsWith("OrleansLM", StringComparison.Ordinal))
            .Select(f => Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(f))));

    private static IEnumerable<string> Signatures(Type type)
        => type.GetMembers(Declared).Select(m => Signature(type, m)).OfType<string>().Prepend($"type {Name(type)}");

    private static string? Signature(Type type, MemberInfo member) => member switch
    {
        MethodInfo m when IsVisible(m) && m.GetBaseDefinition().DeclaringType != typeof(object)
            => $"{Name(type)}.{m.Name}{Arity(m)}({Parameters(m)}) : {Name(m.ReturnType)}",
        ConstructorInfo c when IsVisible(c) => $"{Name(type)}..ctor({Parameters(c)})",
        FieldInfo f when f.IsPublic || f.IsFamily => $"{Name(type)}.{f.Name} : {Name(f.FieldType)}{(f.IsLiteral ? $" = {f.GetRawConstantValue()}" : "")}",
        _ => null,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Arity(MethodInfo method) => method.IsGenericMethod ? $"<{method.GetGenericArguments().Length}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)));

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!) + "&";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (!type.IsGenericType)
            return type.IsGenericParameter ? type.Name : type.FullName!;

        return $"{type.Namespace}.{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
