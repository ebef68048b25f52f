namespace Orleans.Runtime.Messaging;

/// <summary>A pending call with the type of its result.</summary>
internal sealed class PendingCall<T> : PendingCall
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public override void SetResult(object? result) => _completion.TrySetResult((T)result!);

    public override void SetException(Exception exception) => _completion.TrySetException(exception);

    public override void SetCancelled(CancellationToken token) => _completion.TrySetCanceled(token);
}
