using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>The responses of a call, in order. Its end is a success or an exception with the call's status.</summary>
internal sealed class ResponseStream<TRequest, TResponse>(HttpCall<TRequest, TResponse> call) : IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private int _reading;
    private bool _ended;

    public TResponse Current { get; private set; } = null!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (call.Disposed)
        {
            return Task.FromException<bool>(new ObjectDisposedException(call.MethodName));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }

        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read the next message because the previous read is still in progress."));
        }

        Current = null!;
        if (_ended)
        {
            Volatile.Write(ref _reading, 0);
            return Task.FromResult(false);
        }

        ValueTask<TResponse?> read = call.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? Task.FromResult(Accept(read.Result)) : AwaitAsync(read);
    }

    private async Task<bool> AwaitAsync(ValueTask<TResponse?> read)
    {
        try
        {
            return Accept(await read.ConfigureAwait(false));
        }
        catch
        {
            Volatile.Write(ref _reading, 0);
            throw;
        }
    }

    private bool Accept(TResponse? message)
    {
        Current = message!;
        _ended = message is null;
        Volatile.Write(ref _reading, 0);
        return !_ended;
    }
}
