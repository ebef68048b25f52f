using System.Reflection;
using Microsoft.ML.Tokenizers;

namespace OrleansLM.Polyfills.Tests.Tokenizers;

/// <summary>
/// The README of the stand-in lists the signatures that it took from the package's documentation. Whatever is listed must be there, on the
/// stand-in and on the real package alike; and the stand-in has nothing that is not listed, so that code which compiles against it compiles
/// against the package.
/// </summary>
public sealed class SurfaceTests
{
    private static readonly Assembly Package = typeof(Tokenizer).Assembly;

    private static bool IsStandIn => Package.GetName().GetPublicKeyToken() is null or [];

    [Fact]
    public void Every_documented_signature_is_there()
    {
        var documented = Documented();
        Assert.NotEmpty(documented);
        Assert.Empty(documented.Except(Signatures()));
    }

    [Fact]
    public void The_stand_in_has_no_other_signature() => Assert.True(!IsStandIn || !Signatures().Except(Documented()).Any(), string.Join('\n', Signatures().Except(Documented())));

    private static string[] Documented()
    {
        var readme = File.ReadAllLines(Path.Combine(RepositoryRoot(), "polyfills", "Microsoft.ML.Tokenizers", "README.md"));
        return [.. readme.SkipWhile(line => line != "```").Skip(1).TakeWhile(line => line != "```").Where(line => line.Length > 0)];
    }

    private static string[] Signatures() => [.. Package.GetExportedTypes().Where(type => type.Namespace == "Microsoft.ML.Tokenizers").SelectMany(Members)];

    private static IEnumerable<string> Members(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        yield return $"{Kind(type)} {Name(type)}";
        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            yield return $"{Access(constructor)} {Name(type)}({Parameters(constructor)})";
        }

        foreach (var property in type.GetProperties(Declared).Where(property => IsVisible(property.GetMethod!)))
        {
            yield return $"{Access(property.GetMethod!)} {Name(property.PropertyType)} {Name(type)}.{property.Name} {{ get;{(property.SetMethod is null ? "" : " set;")} }}";
        }

        foreach (var method in type.GetMethods(Declared).Where(method => IsVisible(method) && !method.IsSpecialName && !OverridesObject(method)))
        {
            yield return $"{Access(method)} {Name(method.ReturnType)} {Name(type)}.{method.Name}({Parameters(method)})";
        }
    }

    private static string Kind(Type type) => type.IsValueType ? "struct" : type.IsAbstract ? "abstract class" : "class";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool OverridesObject(MethodInfo method) => method.GetBaseDefinition().DeclaringType is { } declaring && (declaring == typeof(object) || declaring == typeof(ValueType));

    private static string Access(MethodBase method)
    {
        var access = method.IsPublic ? "public" : "protected";
        var overridable = method.IsAbstract ? " abstract" : method.IsVirtual && !method.IsFinal ? " virtual" : "";
        return access + (method.IsStatic ? " static" : overridable);
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{(parameter.IsOut ? "out " : "")}{Name(parameter.ParameterType)}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue}" : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        return type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "OrleansLM.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException($"no OrleansLM.sln above {AppContext.BaseDirectory}");
        }

        return folder;
    }
}
