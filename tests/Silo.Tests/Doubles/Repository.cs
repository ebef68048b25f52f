namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>Files of the repository that tests read.</summary>
internal static class Repository
{
    public static string TinyModel => Path.Combine(Root, "models", "tiny-yarn-mistral-128k");

    public static string RecurrentModel => Path.Combine(Root, "models", "tiny-supra");

    private static string Root
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory.FullName, "OrleansLM.sln")))
            {
                directory = directory.Parent ?? throw new DirectoryNotFoundException("the tests do not lie in the repository");
            }

            return directory.FullName;
        }
    }
}
