using System.Reflection;
using System.Text;

namespace OrleansLM.Engine.Backends.Cuda.Compile;

/// <summary>The .cu files and the headers they share, which travel inside this assembly.</summary>
internal static class KernelSources
{
    private const string Folder = "OrleansLM.Engine.Kernels/";

    public static IEnumerable<string> Names => All().Where(name => name.EndsWith(".cu", StringComparison.Ordinal)).Select(name => name[Folder.Length..]);

    /// <summary>Headers by the name that <c>#include</c> gives them.</summary>
    public static IReadOnlyDictionary<string, string> Headers() =>
        All().Where(name => name.EndsWith(".cuh", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToDictionary(name => name[Folder.Length..], name => Read(name[Folder.Length..]));

    /// <exception cref="ArgumentException">No such file.</exception>
    public static string Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Folder + file) ?? throw new ArgumentException($"no kernel file {file} in this build");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> All() => Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal));
}
