namespace OrleansLM.Contracts.Messages;

/// <summary>Which sessions to list.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SessionQuery")]
public sealed record SessionQuery
{
    /// <summary>[1, 1000].</summary>
    [Id(0)]
    public required int PageSize { get; init; }

    [Id(1)]
    public string? PageToken { get; init; }

    [Id(2)]
    public string? Tenant { get; init; }

    [Id(3)]
    public string? Model { get; init; }
}
