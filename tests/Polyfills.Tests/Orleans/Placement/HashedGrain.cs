using Orleans.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[HashBasedPlacement]
public sealed class HashedGrain(ILocalSiloDetails silo) : PlacedGrain(silo);
