namespace OrleansLM.Engine.Tests;

/// <summary>Files of the repository that tests read in place.</summary>
internal static class TestFiles
{
    private static readonly string Root = FindRoot();

    public static string Golden(string name) => Path.Combine(Root, "tests", "golden", name);

    public static string Model(string name) => Path.Combine(Root, "models", name);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansLM.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds OrleansLM.sln");
    }
}
