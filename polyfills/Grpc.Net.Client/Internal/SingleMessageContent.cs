using System.IO.Pipelines;
using System.Net;
using Grpc.Core;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>A request of one message.</summary>
internal sealed class SingleMessageContent<TRequest>(
    TRequest message,
    Action<TRequest, SerializationContext> serialize,
    Func<PipeWriter, FrameWriter> framing,
    WriteOptions? options) : HttpContent
{
    private static readonly StreamPipeWriterOptions s_leaveOpen = new(leaveOpen: true);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var pipe = PipeWriter.Create(stream, s_leaveOpen);
        framing(pipe).Write(message, serialize, allowCompression: (options?.Flags & WriteFlags.NoCompress) != WriteFlags.NoCompress);
        await pipe.CompleteAsync().ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
