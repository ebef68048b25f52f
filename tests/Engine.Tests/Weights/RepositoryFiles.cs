namespace OrleansLM.Engine.Tests.Weights;

/// <summary>Paths of what the repository ships, found upward from the test's own folder.</summary>
internal static class RepositoryFiles
{
    private static readonly string Root = FindRoot();

    public static string Model(string name) => Path.Combine(Root, "models", name);

    public static string Golden(string name) => Path.Combine(Root, "tests", "golden", name);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "OrleansLM.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException($"no OrleansLM.sln above {AppContext.BaseDirectory}");
        }

        return folder;
    }
}
