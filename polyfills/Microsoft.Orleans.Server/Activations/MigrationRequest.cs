namespace Orleans.Runtime.Activations;

/// <summary>What the one who asked for a migration carried: it may name a silo.</summary>
internal sealed record MigrationRequest(Dictionary<string, object>? RequestContext);
