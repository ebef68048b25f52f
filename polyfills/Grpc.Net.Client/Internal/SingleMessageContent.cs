using System.Buffers;
using System.Net;
using Grpc.Core;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>A request of one message.</summary>
internal sealed class SingleMessageContent<TRequest>(
    TRequest message,
    Action<TRequest, SerializationContext> serialize,
    Func<IBufferWriter<byte>, FrameWriter> framing,
    WriteOptions? options) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // Not flushed: the message leaves together with the headers and the end of the stream.
        using var buffer = new PooledBuffer();
        framing(buffer).Write(message, serialize, allowCompression: (options?.Flags & WriteFlags.NoCompress) != WriteFlags.NoCompress);
        await stream.WriteAsync(buffer.Written).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
