namespace Orleans.Runtime.Clustering.Directory;

/// <summary>An activation that is entered in the directory, and the one that it has replaced by moving (none: default).</summary>
[GenerateSerializer, Immutable]
internal sealed record Registration(GrainAddress Address, ActivationId Previous);
