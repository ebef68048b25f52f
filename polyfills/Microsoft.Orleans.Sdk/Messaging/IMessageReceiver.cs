namespace Orleans.Runtime.Messaging;

/// <summary>A silo or a client, as the transport sees it.</summary>
internal interface IMessageReceiver
{
    void Receive(Message message);
}
