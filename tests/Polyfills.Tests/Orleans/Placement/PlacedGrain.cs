namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

public abstract class PlacedGrain(ILocalSiloDetails silo) : Grain, IPlacedGrain
{
    public Task<string> Silo() => Task.FromResult(silo.SiloAddress.ToString());

    public Task<string> SiloOf(IPlacedGrain other) => other.Silo();
}
