namespace Orleans.Runtime.Messaging;

/// <summary>The other side does not accept this process as a peer.</summary>
internal sealed class ConnectionRefusedException(RefusalCode code, string message) : OrleansException(message)
{
    public RefusalCode Code { get; } = code;
}
