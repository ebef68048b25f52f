namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[GenerateSerializer, Immutable]
public sealed class LastSiloPlacement : PlacementStrategy;
