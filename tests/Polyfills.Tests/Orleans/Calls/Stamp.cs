namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

/// <summary>A record whose members get their ids by position.</summary>
[GenerateSerializer, Alias("test.Stamp")]
public sealed record Stamp(string Text, List<int> Numbers)
{
    [Id(0)]
    public required int Extra { get; init; }
}
