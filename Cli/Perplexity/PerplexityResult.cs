namespace OrleansLM.Cli.Perplexity;

/// <summary>Perplexity of a text at one length.</summary>
internal sealed record PerplexityResult
{
    /// <summary>N: tokens of a window, BOS included.</summary>
    public required int Length { get; init; }

    /// <summary>Unweighted mean of the windows' losses, each the mean over its targets of -ln p.</summary>
    public required double MeanNll { get; init; }

    /// <summary>exp(<see cref="MeanNll"/>).</summary>
    public double Perplexity => Math.Exp(MeanNll);
}
