namespace Orleans.Runtime.Messaging;

/// <summary>A call that waits for its response.</summary>
internal abstract class PendingCall
{
    private CancellationTokenRegistration _cancellation;

    public Message Request { get; private set; } = null!;

    public TimeSpan Timeout { get; private set; }

    /// <summary>Cancels the request where it runs now; nothing as long as the caller has not cancelled it.</summary>
    public Action CancelAgain { get; set; } = static () => { };

    public void Bind(Message request, TimeSpan timeout)
    {
        Request = request;
        Timeout = timeout;
    }

    public void OnCancelled(CancellationToken token, Action<PendingCall, CancellationToken> cancel)
        => _cancellation = token.UnsafeRegister((state, t) => cancel((PendingCall)state!, t), this);

    public abstract void SetResult(object? result);

    public abstract void SetException(Exception exception);

    public abstract void SetCancelled(CancellationToken token);

    public void Release() => _cancellation.Dispose();
}
