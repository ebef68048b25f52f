namespace Orleans.Runtime.Messaging;

/// <summary>The silos that a client may connect to.</summary>
internal interface IGateways
{
    IReadOnlyList<SiloAddress> Current { get; }

    event Action<SiloAddress>? SiloLost;
}
