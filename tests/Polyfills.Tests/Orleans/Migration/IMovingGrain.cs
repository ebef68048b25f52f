using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Migration;

public interface IMovingGrain : IGrainWithStringKey
{
    Task<string> Silo();

    Task Remember(string value);

    Task<List<string>> Memory();

    /// <summary>Moves to a silo, or where placement says.</summary>
    Task Move(SiloAddress? destination);

    Task Hold(string name);

    [AlwaysInterleave]
    Task MoveNow(SiloAddress destination);
}
