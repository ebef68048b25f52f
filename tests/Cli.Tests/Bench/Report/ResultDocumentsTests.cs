using System.Runtime.CompilerServices;
using OrleansLM.Cli.Bench.Report;

namespace OrleansLM.Cli.Tests.Bench.Report;

/// <summary>What the documents say was measured is what the result files hold.</summary>
public sealed class ResultDocumentsTests
{
    private const string Remedy = "run ./orleanslm bench report";

    private readonly ResultDocuments _documents = new(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "..")));

    [Fact]
    public void The_readme_holds_the_newest_results() => Assert.True(_documents.Readme() == File.ReadAllText(_documents.ReadmePath), Remedy);

    [Fact]
    public void The_page_of_results_holds_the_newest_results() => Assert.True(_documents.Page() == File.ReadAllText(_documents.PagePath), Remedy);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
