using System.Text.RegularExpressions;

namespace OrleansLM.House.Tests;

/// <summary>Ceilings on the tail: the object that everyone owns and nobody does begins as a long file.</summary>
public sealed partial class SizeTests
{
    private const int MaxLines = 450;

    [Fact]
    public void No_source_file_is_longer_than_the_ceiling()
    {
        var tooLong = Repository.Sources(Repository.ProductFolders)
            .Select(file => (File: Repository.Relative(file), Lines: File.ReadLines(file).Count()))
            .Where(entry => entry.Lines > MaxLines)
            .Select(entry => $"{entry.File}: {entry.Lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void A_file_holds_one_top_level_type()
    {
        var several = Repository.Sources(Repository.ProductFolders)
            .Select(file => (File: Repository.Relative(file), Types: TopLevelType.Count(File.ReadAllText(file))))
            .Where(entry => entry.Types > 1)
            .Select(entry => $"{entry.File}: {entry.Types} types");
        Assert.Empty(several);
    }

    [Fact]
    public void There_are_no_regions_and_no_unfinished_paths()
    {
        var found = Repository.Sources(Repository.ProductFolders).SelectMany(file => File.ReadLines(file)
            .Where(line => Unwanted.IsMatch(line))
            .Select(line => $"{Repository.Relative(file)}: {line.Trim()}"));
        Assert.Empty(found);
    }

    [GeneratedRegex(@"^(?:public|internal|file)? ?(?:(?:sealed|static|abstract|partial|readonly|unsafe|ref) )*(?:class|record struct|record|struct|enum|interface) ", RegexOptions.Multiline)]
    private static partial Regex TopLevelType { get; }

    [GeneratedRegex(@"^\s*#region|NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b")]
    private static partial Regex Unwanted { get; }
}
