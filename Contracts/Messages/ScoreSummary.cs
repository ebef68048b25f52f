namespace OrleansLM.Contracts.Messages;

/// <summary>Mean negative log-likelihood over the scored positions.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ScoreSummary")]
public sealed record ScoreSummary
{
    [Id(0)]
    public required int Tokens { get; init; }

    /// <summary>Natural logarithm.</summary>
    [Id(1)]
    public required double MeanNegativeLogLikelihood { get; init; }
}
