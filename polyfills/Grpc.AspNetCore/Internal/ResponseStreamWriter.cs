using System.IO.Pipelines;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The messages of a response stream, until the call has ended. A write completes when the flow-control window let it out.</summary>
internal sealed class ResponseStreamWriter<TResponse>(
    HttpContextServerCallContext call,
    Action<TResponse, SerializationContext> serialize) : IServerStreamWriter<TResponse>
    where TResponse : class
{
    private int _writing;
    private volatile bool _callEnded;

    public WriteOptions? WriteOptions
    {
        get => call.WriteOptions;
        set => call.WriteOptions = value;
    }

    public Task WriteAsync(TResponse message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            ValueTask<FlushResult> write = Start(message, cancellationToken);
            if (!write.IsCompletedSuccessfully)
            {
                return AwaitAsync(write);
            }

            _ = write.Result;
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _writing, 0);
            return exception is OperationCanceledException cancelled
                ? Task.FromCanceled(Cancelled(cancelled.CancellationToken))
                : Task.FromException(exception);
        }

        Volatile.Write(ref _writing, 0);
        return Task.CompletedTask;
    }

    public void EndCall() => _callEnded = true;

    private static CancellationToken Cancelled(CancellationToken token) =>
        token.IsCancellationRequested ? token : new CancellationToken(canceled: true);

    private ValueTask<FlushResult> Start(TResponse message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_callEnded || call.HttpContext.RequestAborted.IsCancellationRequested || call.DeadlineExceeded)
        {
            throw new InvalidOperationException("Can't write the message because the request is complete.");
        }

        return call.WriteMessageAsync(message, serialize, cancellationToken.CanBeCanceled ? cancellationToken : call.CancellationToken);
    }

    private async Task AwaitAsync(ValueTask<FlushResult> write)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }
}
