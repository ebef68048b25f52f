namespace Orleans.Runtime.Messaging;

/// <summary>The silos that a client may connect to.</summary>
internal interface IGateways
{
    /// <summary>Those that can be sent to now; all that are known when none can.</summary>
    IReadOnlyList<SiloAddress> Current { get; }

    event Action<SiloAddress>? SiloLost;

    /// <summary>The gateway that a silo is connected by; null when it is not.</summary>
    SiloAddress? GatewayOf(SiloAddress silo);

    Task StartAsync(CancellationToken cancellation);

    Task StopAsync();
}
