using Orleans.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[RandomPlacement]
public sealed class RandomGrain(ILocalSiloDetails silo) : PlacedGrain(silo);
