namespace OrleansLM.Contracts.Messages;

/// <summary>What is given to a model: exactly one of text, ids and messages, or nothing at all.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ModelInput")]
public sealed record ModelInput
{
    [Id(0)]
    public string? Text { get; init; }

    [Id(1)]
    public IReadOnlyList<int>? TokenIds { get; init; }

    [Id(2)]
    public IReadOnlyList<TextMessage>? Messages { get; init; }

    /// <summary>Name of the template for <see cref="Messages"/>; null: the model's own.</summary>
    [Id(3)]
    public string? ChatTemplate { get; init; }
}
