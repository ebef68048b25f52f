namespace Orleans.Runtime.Messaging;

/// <summary>Carries messages between silos and clients.</summary>
internal interface IMessageTransport
{
    void Attach(SiloAddress address, IMessageReceiver receiver);

    void Detach(SiloAddress address);

    /// <summary>False when the destination cannot be reached; the message was not sent then.</summary>
    bool TrySend(SiloAddress destination, Message message);
}
