using System.Runtime.CompilerServices;
using Grpc.Core;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Client;

/// <summary>
/// A turn's events that survive the loss of the connection: when the stream breaks it is resumed by offset, so that every token comes once and none
/// is missing, for as long as the server is back within <see cref="Patience"/>.
/// </summary>
public sealed class ResilientTurn(Sessions.SessionsClient client, string sessionId)
{
    /// <summary>How long a server may be away before the turn is given up here (it goes on over there).</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Called when the connection is lost, and with false when it is back.</summary>
    public Action<bool>? ConnectionLost { get; init; }

    public string? TurnId { get; private set; }

    /// <summary>Where to go on: one past the last token that was seen.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Starts a turn. The idempotency key makes the first call safe to repeat even when its answer was lost.</summary>
    public IAsyncEnumerable<TurnEvent> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken)
    {
        if (request.IdempotencyKey.Length == 0)
        {
            request.IdempotencyKey = Guid.NewGuid().ToString("N");
        }

        // step 1: the client opens a stream.
        return FollowAsync(() => client.Generate(request, cancellationToken: cancellationToken), cancellationToken);
    }

    public IAsyncEnumerable<TurnEvent> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        if (request.IdempotencyKey.Length == 0)
        {
            request.IdempotencyKey = Guid.NewGuid().ToString("N");
        }

        return FollowAsync(() => client.Append(request, cancellationToken: cancellationToken), cancellationToken);
    }

    public IAsyncEnumerable<TurnEvent> ResumeAsync(string turnId, long fromOffset, CancellationToken cancellationToken)
    {
        TurnId = turnId;
        NextOffset = fromOffset;
        return FollowAsync(() => Resume(cancellationToken), cancellationToken);
    }

    private async IAsyncEnumerable<TurnEvent> FollowAsync(Func<AsyncServerStreamingCall<TurnEvent>> start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = start();
        var lostSince = default(DateTime?);
        try
        {
            while (true)
            {
                TurnEvent? item;
                try
                {
                    item = await call.ResponseStream.MoveNext(cancellationToken) ? call.ResponseStream.Current : null;
                }
                catch (RpcException error) when (error.IsConnectionLoss() && !cancellationToken.IsCancellationRequested)
                {
                    if (lostSince is null)
                    {
                        ConnectionLost?.Invoke(true);
                    }

                    lostSince ??= DateTime.UtcNow;
                    if (DateTime.UtcNow - lostSince > Patience)
                    {
                        throw;
                    }

                    await Task.Delay(250, cancellationToken);
                    call.Dispose();
                    call = TurnId is null ? start() : Resume(cancellationToken);
                    continue;
                }

                if (item is null)
                {
                    yield break;
                }

                if (lostSince is not null)
                {
                    lostSince = null;
                    ConnectionLost?.Invoke(false);
                }

                Note(item);
                yield return item;
            }
        }
        finally
        {
            call.Dispose();
        }
    }

    private AsyncServerStreamingCall<TurnEvent> Resume(CancellationToken cancellationToken) => client.Resume(
        new ResumeRequest { SessionId = sessionId, TurnId = TurnId ?? "", FromOffset = NextOffset },
        cancellationToken: cancellationToken);

    private void Note(TurnEvent item)
    {
        TurnId = item.TurnId;
        if (item.EventCase == TurnEvent.EventOneofCase.Token)
        {
            NextOffset = item.Offset + 1;
        }
    }
}
