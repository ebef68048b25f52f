using System.Reflection;
using System.Runtime.Loader;

namespace Orleans.Runtime.Manifest;

/// <summary>Finds the assemblies that may have grain classes.</summary>
internal static class ProgramAssemblies
{
    /// <summary>Those that refer to the grain abstractions, among the loaded ones and all that they refer to, and this one.</summary>
    public static IReadOnlyCollection<Assembly> Find()
    {
        string abstractions = typeof(IGrain).Assembly.GetName().Name!;
        var seen = new HashSet<string>();
        var found = new List<Assembly> { typeof(ProgramAssemblies).Assembly };
        var open = new Queue<Assembly>(AssemblyLoadContext.Default.Assemblies.Where(a => !a.IsDynamic));
        while (open.TryDequeue(out Assembly? assembly))
        {
            if (!seen.Add(assembly.FullName!) || IsFramework(assembly.GetName()))
                continue;

            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (assembly != typeof(ProgramAssemblies).Assembly && Array.Exists(references, r => r.Name == abstractions))
                found.Add(assembly);
            foreach (AssemblyName reference in references)
            {
                if (!IsFramework(reference) && TryLoad(reference) is { } loaded)
                    open.Enqueue(loaded);
            }
        }

        return found;
    }

    private static bool IsFramework(AssemblyName name)
        => name.Name is { } n && (n.StartsWith("System.", StringComparison.Ordinal) || n.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            || n.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || n is "System" or "mscorlib" or "netstandard");

    // A reference that is not there at run time is one that the program never uses.
    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return AssemblyLoadContext.Default.LoadFromAssemblyName(name);
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return null;
        }
    }
}
