using System.Xml.Linq;

namespace OrleansLM.House.Tests;

/// <summary>Arrows point one way: Cli → Gateway, Silo → Engine, Contracts; and nobody names a stand-in by path.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData("Contracts")]
    [InlineData("Engine")]
    [InlineData("Hosting")]
    [InlineData("Gateway", "Contracts", "Hosting")]
    [InlineData("Silo", "Contracts", "Engine", "Hosting")]
    public void A_project_references_only_what_stands_below_it(string project, params string[] allowed)
    {
        var references = ProjectReferences($"{project}/{project}.csproj");
        Assert.Empty(references.Except(allowed));
    }

    [Fact]
    public void No_project_names_a_stand_in_by_path()
    {
        var named = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(Repository.Relative)
            .Where(path => !path.StartsWith("polyfills/", StringComparison.Ordinal))
            .Where(path => Repository.Read(path).Contains("polyfills/", StringComparison.Ordinal));
        Assert.Empty(named);
    }

    [Fact]
    public void The_engine_knows_no_framework_of_the_cluster()
    {
        var project = Repository.Read("Engine/Engine.csproj").Replace("OrleansLM", "", StringComparison.Ordinal);
        Assert.DoesNotContain("AspNetCore", project, StringComparison.Ordinal);
        Assert.DoesNotContain("Orleans", project, StringComparison.Ordinal);
        Assert.DoesNotContain("Grpc", project, StringComparison.Ordinal);
    }

    private static IEnumerable<string> ProjectReferences(string project) => XDocument.Parse(Repository.Read(project))
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
}
