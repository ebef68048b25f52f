namespace OrleansLM.Cli.Perplexity;

/// <summary>What <c>perplexity --json</c> prints.</summary>
internal sealed record PerplexityReport
{
    public required IReadOnlyList<PerplexityResult> Results { get; init; }
}
