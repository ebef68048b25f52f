namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[LastSiloPlacement]
public sealed class LastSiloGrain(ILocalSiloDetails silo) : PlacedGrain(silo);
