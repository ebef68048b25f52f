using Grpc.Core;
using OrleansLM.Contracts.Messages;
using OrleansLM.Gateway.Diagnostics;
using OrleansLM.Gateway.Limits;
using OrleansLM.Gateway.Mapping;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Services;

/// <summary>Copies a turn's events from a grain to a client. Each write waits until the client takes it, so a slow client holds up only its own stream.</summary>
public sealed class TurnStreams(StreamLimiter limiter, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Response header that repeats <see cref="TurnStart.Notice"/>, for callers that look at metadata only.</summary>
    public const string NoticeHeader = "orleanslm-notice";

    public async Task CopyAsync(string sessionId, IAsyncEnumerable<TurnEvent> events, IServerStreamWriter<Wire.TurnEvent> client, ServerCallContext context)
    {
        using var place = limiter.Enter();
        using var measure = metrics.StartStream(time);
        await foreach (var item in events.WithCancellation(context.CancellationToken))
        {
            if (item.Started?.Notice is { } notice)
            {
                await context.WriteResponseHeadersAsync(new Metadata { { NoticeHeader, notice } });
            }

            // step 9: the gateway writes it; this waits for the client.
            await client.WriteAsync(item.ToWire(sessionId), context.CancellationToken);
            if (item.Kind == TurnEventKind.Token)
            {
                measure.TokenWritten();
            }
            else if (item.Kind == TurnEventKind.Finished)
            {
                // All is said; what becomes of the silo's side of the stream is of no concern to the client.
                break;
            }
        }
    }
}
