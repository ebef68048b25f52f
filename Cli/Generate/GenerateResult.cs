namespace OrleansLM.Cli.Generate;

/// <summary>What <c>generate --json</c> prints.</summary>
internal sealed record GenerateResult
{
    public required IReadOnlyList<int> PromptIds { get; init; }

    public required IReadOnlyList<int> Ids { get; init; }

    public required string Text { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>cancelled</c>.</summary>
    public required string FinishReason { get; init; }

    public required GenerateUsage Usage { get; init; }
}
