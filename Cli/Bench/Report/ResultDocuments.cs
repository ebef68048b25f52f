namespace OrleansLM.Cli.Bench.Report;

/// <summary>The documents of a checkout that are made from bench/results.</summary>
/// <param name="home">Root of the checkout.</param>
public sealed class ResultDocuments(string home)
{
    private const string Folder = "bench/results";

    private readonly IReadOnlyList<ResultFile> _files = ResultFile.NewestOf(Path.Combine(home, Folder));

    public string ReadmePath => Path.Combine(home, "README.md");

    public string PagePath => Path.Combine(home, Folder, "README.md");

    /// <summary>The README as it should be.</summary>
    /// <exception cref="InvalidDataException">It has no marks to write between.</exception>
    public string Readme() => MarkedText.Replace(File.ReadAllText(ReadmePath), GoalTable.Of(Goals.All, _files, Folder));

    public string Page() => ResultPage.Of(_files);
}
