using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Placement;

/// <summary>A load as it was told, and how many sessions were placed since.</summary>
internal sealed class KnownLoad(SiloLoad load)
{
    private int _placed;

    public SiloLoad Load { get; } = load;

    public int PlacedSince => Volatile.Read(ref _placed);

    public void Place() => Interlocked.Increment(ref _placed);
}
