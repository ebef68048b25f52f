namespace Orleans.Runtime.Messaging;

/// <summary>Carries messages between silos and clients.</summary>
internal interface IMessageTransport
{
    /// <summary>Begins to receive for a silo or client; a silo listens from here on.</summary>
    Task AttachAsync(SiloAddress address, IMessageReceiver receiver, CancellationToken cancellation);

    /// <summary>Sends what is queued, then ends all connections.</summary>
    Task DetachAsync(SiloAddress address);

    /// <summary>Ends all connections at once; nothing is sent or received any more.</summary>
    void CutOff(SiloAddress address);

    /// <summary>False when the destination cannot be reached; the message was not sent then.</summary>
    bool TrySend(SiloAddress destination, Message message);

    /// <summary>The silo is gone for good: its connections end.</summary>
    void Forget(SiloAddress silo);
}
