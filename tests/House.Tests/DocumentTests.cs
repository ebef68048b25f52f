using System.Text.RegularExpressions;

namespace OrleansLM.House.Tests;

/// <summary>Words rot at the first move; these make the build say so.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents() => [.. Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)).Select(Repository.Relative).Order()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_and_path_in_a_document_exists(string document)
    {
        var text = Repository.Read(document);
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        var links = Link.Matches(text).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)).Select(link => Path.Combine(folder, link));
        var paths = SourcePath.Matches(text).Select(match => Path.Combine(Repository.Root, match.Groups[1].Value));
        var missing = links.Concat(paths).Where(path => !File.Exists(path) && !Directory.Exists(path)).Select(Repository.Relative).Distinct();
        Assert.Empty(missing);
    }

    [Fact]
    public void The_life_of_a_token_has_its_numbers_in_the_code()
    {
        var told = Step.Matches(Repository.Read("ARCHITECTURE.md")).Select(match => int.Parse(match.Groups[1].Value)).ToList();
        var marked = Repository.Sources(Repository.ProductFolders).SelectMany(file => Mark.Matches(File.ReadAllText(file))).Select(match => int.Parse(match.Groups[1].Value)).ToHashSet();
        Assert.Equal(Enumerable.Range(1, told.Count), told);
        Assert.NotEmpty(told);
        Assert.Equal(told.Order(), marked.Order());
    }

    [GeneratedRegex(@"\]\(([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link { get; }

    // Paths in backticks that begin with a folder of the repository and end in a file name.
    [GeneratedRegex(@"`((?:Contracts|Engine|Silo|Gateway|Cli|polyfills|models|tests|bench|deploy|docs|eng)/[A-Za-z0-9_./-]+\.[a-z]+)`")]
    private static partial Regex SourcePath { get; }

    [GeneratedRegex(@"^(\d+)\. \*\*", RegexOptions.Multiline)]
    private static partial Regex Step { get; }

    [GeneratedRegex(@"// step (\d+)")]
    private static partial Regex Mark { get; }
}
