using System.Text.RegularExpressions;

namespace OrleansLM.House.Tests;

/// <summary>docs/operations.md names every instrument and every error reason that the code has, and no other.</summary>
public sealed partial class OperationsTests
{
    private static readonly string s_document = Repository.Read("docs/operations.md");

    [Fact]
    public void Every_instrument_is_documented() => Assert.Equal(InCode(Instrument), InDocument(DocumentedInstrument));

    [Fact]
    public void Every_reason_is_documented() => Assert.Equal(InCode(Reason), InDocument(DocumentedReason));

    /// <summary>A panel of the dashboard over a name that no instrument has shows nothing, and nobody notices.</summary>
    [Fact]
    public void The_dashboard_shows_instruments_that_there_are()
    {
        var instruments = InCode(Instrument).Select(name => name.Replace('.', '_')).ToArray();
        var shown = Shown.Matches(Repository.Read("deploy/grafana/dashboard.json")).Select(match => match.Value).Distinct().ToArray();
        Assert.True(shown.Length > 20, $"{shown.Length} names were found");
        Assert.All(shown, name => Assert.Contains(instruments, instrument => Suffixed(instrument).IsMatch(name)));
    }

    /// <summary>What an instrument is called in Prometheus: its unit and kind come behind.</summary>
    private static Regex Suffixed(string instrument) => new($"^{instrument}(_seconds|_bytes)?(_total|_count|_sum|_bucket)?$");

    private static IEnumerable<string> InCode(Regex pattern) => Repository.Sources("Engine", "Silo", "Gateway")
        .SelectMany(file => pattern.Matches(File.ReadAllText(file)))
        .Select(match => match.Groups[1].Value)
        .Distinct()
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> InDocument(Regex pattern) => pattern.Matches(s_document)
        .Select(match => match.Groups[1].Value)
        .Distinct()
        .Order(StringComparer.Ordinal);

    // An instrument's name is followed by its unit or value; the names of span tags are not.
    [GeneratedRegex("(?:Create\\w+(?:<\\w+>)?|Seconds|Rows)\\(\\s*\"(orleanslm\\.[a-z_.]+)\"")]
    private static partial Regex Instrument { get; }

    [GeneratedRegex("orleanslm_[a-z_]+")]
    private static partial Regex Shown { get; }

    [GeneratedRegex(@"\| `(orleanslm\.[a-z_.]+)`")]
    private static partial Regex DocumentedInstrument { get; }

    [GeneratedRegex("\"([A-Z]+(?:_[A-Z]+)+)\"")]
    private static partial Regex Reason { get; }

    [GeneratedRegex("`([A-Z]+(?:_[A-Z]+)+)`")]
    private static partial Regex DocumentedReason { get; }
}
