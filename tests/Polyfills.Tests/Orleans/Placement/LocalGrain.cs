using Orleans.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[PreferLocalPlacement]
public sealed class LocalGrain(ILocalSiloDetails silo) : PlacedGrain(silo);
