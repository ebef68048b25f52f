namespace Orleans.Runtime.Messaging;

/// <summary>A silo or a client, as the transport sees it.</summary>
internal interface IMessageReceiver
{
    void Receive(Message message);

    /// <summary>The message was not sent, since the destination could not be reached; it may go elsewhere.</summary>
    void OnUnsent(Message message, Exception reason);

    /// <summary>The message cannot be sent at all: its content is not serializable, too large, or more is queued than may be.</summary>
    void OnRefused(Message message, Exception reason);

    /// <summary>The connection with a peer is gone, and with it what was on the way.</summary>
    void OnDisconnected(SiloAddress peer, Exception? reason);

    /// <summary>Why a peer is not let in; null when it is.</summary>
    string? WhyRefused(SiloAddress peer);

    /// <summary>A silo of the cluster says that this one is not a member any more.</summary>
    void OnDisowned(SiloAddress by);
}
