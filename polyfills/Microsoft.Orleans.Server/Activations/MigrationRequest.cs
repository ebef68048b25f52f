namespace Orleans.Runtime.Activations;

/// <summary>Where an activation is to move, and what the one who asked for it carried.</summary>
internal sealed record MigrationRequest(SiloAddress Destination, Dictionary<string, object>? RequestContext);
