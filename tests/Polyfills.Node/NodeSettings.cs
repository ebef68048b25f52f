using System.Text.Json;

namespace OrleansLM.Polyfills.Node;

/// <summary>What a test tells a node: JSON in its first argument.</summary>
public sealed record NodeSettings
{
    public required string Name { get; init; }

    public string ClusterId { get; init; } = "test";

    public string ServiceId { get; init; } = "test";

    public required int SiloPort { get; init; }

    public required int GatewayPort { get; init; }

    /// <summary>Null for a table in the memory of the primary.</summary>
    public string? Invariant { get; init; }

    public string? ConnectionString { get; init; }

    /// <summary>The silo port of the primary; null for this one.</summary>
    public int? PrimaryPort { get; init; }

    public int ProbeMs { get; init; } = 500;

    public static NodeSettings Parse(string json) => JsonSerializer.Deserialize<NodeSettings>(json)!;

    public string Format() => JsonSerializer.Serialize(this);
}
