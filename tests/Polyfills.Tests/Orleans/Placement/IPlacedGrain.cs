namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

public interface IPlacedGrain : IGrainWithIntegerKey
{
    Task<string> Silo();

    /// <summary>Calls another grain from here and tells where that one is.</summary>
    Task<string> SiloOf(IPlacedGrain other);
}
