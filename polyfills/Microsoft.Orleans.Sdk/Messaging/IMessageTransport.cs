namespace Orleans.Runtime.Messaging;

/// <summary>Carries messages between silos and clients.</summary>
internal interface IMessageTransport
{
    /// <summary>Begins to receive for a silo or client; a silo listens from here on.</summary>
    Task AttachAsync(SiloAddress address, IMessageReceiver receiver, CancellationToken cancellation);

    /// <summary>Tells all peers to send no more requests, and waits until they have understood; what arrives until then is still taken.</summary>
    Task LeaveAsync();

    /// <summary>Sends what is queued, then ends all connections.</summary>
    Task DetachAsync(SiloAddress address);

    /// <summary>Ends all connections at once; nothing is sent or received any more.</summary>
    void CutOff(SiloAddress address);

    /// <summary>False when the destination cannot be reached; the message was not sent then.</summary>
    bool TrySend(SiloAddress destination, Message message);

    /// <summary>The silo is gone for good: nothing more is sent to it, and after what it may have sent last its connections end.</summary>
    Task ForgetAsync(SiloAddress silo);
}
