using System.Net;

namespace Grpc.Net.Client.Internal;

/// <summary>A request whose messages the caller writes one by one. It lasts until the caller completes it or the call ends.</summary>
internal sealed class RequestStreamContent<TRequest>(RequestStream<TRequest> requests) : HttpContent
    where TRequest : class
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // The request headers go out now: a server may answer before the first message.
        await stream.FlushAsync().ConfigureAwait(false);
        await requests.RunAsync(stream).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
