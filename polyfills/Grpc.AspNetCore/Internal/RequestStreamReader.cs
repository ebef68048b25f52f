using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The messages of a request stream, until the call has ended.</summary>
internal sealed class RequestStreamReader<TRequest>(
    HttpContextServerCallContext call,
    Func<DeserializationContext, TRequest> deserialize) : IAsyncStreamReader<TRequest>
    where TRequest : class
{
    private bool _ended;
    private bool _callEnded;

    public TRequest Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }

        if (_callEnded || call.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read messages after the request is complete."));
        }

        // Released before the wait, so that a long-lived stream does not hold the last message.
        Current = null!;
        if (_ended)
        {
            return Task.FromResult(false);
        }

        ValueTask<TRequest?> read = call.Reader.ReadAsync(deserialize, cancellationToken);
        return read.IsCompletedSuccessfully ? Task.FromResult(Accept(read.Result)) : AwaitAsync(read);
    }

    public void EndCall() => _callEnded = true;

    private async Task<bool> AwaitAsync(ValueTask<TRequest?> read) => Accept(await read.ConfigureAwait(false));

    private bool Accept(TRequest? message)
    {
        Current = message!;
        _ended = message is null;
        return !_ended;
    }
}
