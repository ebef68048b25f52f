using System.Runtime.CompilerServices;

namespace OrleansLM.House.Tests;

/// <summary>The checkout that the tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    /// <summary>Folders of the product, in which the rules of the house hold.</summary>
    public static IReadOnlyList<string> ProductFolders { get; } = ["Contracts", "Engine", "Silo", "Gateway", "Cli"];

    /// <summary>C# files of the given top folders, without what a build wrote.</summary>
    public static IEnumerable<string> Sources(params IEnumerable<string> folders) => folders
        .Select(folder => Path.Combine(Root, folder))
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
        .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj" or "node_modules"));

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
