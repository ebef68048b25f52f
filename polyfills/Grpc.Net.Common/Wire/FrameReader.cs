using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Wire;

/// <summary>
/// Reads messages from a pipe. The payload is parsed where it lies in the pipe; only compressed messages are copied.
/// Every violation of the framing is an <see cref="RpcException"/> with the status that the call should end with.
/// </summary>
internal sealed class FrameReader(PipeReader pipe, int? maxSize, string? encoding, MessageEncodings encodings) : DeserializationContext
{
    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => checked((int)_payload.Length);

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    /// <summary>The next message, or null at the end of the stream.</summary>
    public async ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            ReadResult result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (TryParse(result, deserialize, out T? message))
            {
                return message;
            }
        }
    }

    /// <summary>The one message of a stream that must hold exactly one.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        T message = await ReadAsync(deserialize, cancellationToken).ConfigureAwait(false) ?? throw WireErrors.Missing();
        ReadResult rest = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
        bool ended = rest.Buffer.IsEmpty && rest.IsCompleted;
        pipe.AdvanceTo(rest.Buffer.End);
        return ended ? message : throw WireErrors.Additional();
    }

    /// <summary>Gives the pipe's memory back.</summary>
    public void Complete() => pipe.Complete();

    /// <summary>True with a message, true with null at the end, false when more bytes are needed.</summary>
    private bool TryParse<T>(in ReadResult result, Func<DeserializationContext, T> deserialize, out T? message)
        where T : class
    {
        ReadOnlySequence<byte> buffer = result.Buffer;
        SequencePosition consumed = buffer.Start;
        SequencePosition examined = buffer.End;
        try
        {
            if (TryTake(buffer, deserialize, out message, out consumed))
            {
                examined = consumed;
                return true;
            }

            if (result.IsCompleted && !buffer.IsEmpty)
            {
                throw WireErrors.Incomplete(buffer.Length);
            }

            return result.IsCompleted;
        }
        finally
        {
            pipe.AdvanceTo(consumed, examined);
        }
    }

    private bool TryTake<T>(
        in ReadOnlySequence<byte> buffer,
        Func<DeserializationContext, T> deserialize,
        out T? message,
        out SequencePosition consumed)
        where T : class
    {
        message = null;
        consumed = buffer.Start;
        if (buffer.Length < FrameHeader.Size)
        {
            return false;
        }

        FrameHeader header = FrameHeader.Read(buffer);
        if (header.PayloadLength > (maxSize ?? int.MaxValue))
        {
            throw WireErrors.ReceivedTooLarge(header.PayloadLength, maxSize ?? int.MaxValue);
        }

        if (buffer.Length < FrameHeader.Size + header.PayloadLength)
        {
            return false;
        }

        ReadOnlySequence<byte> payload = buffer.Slice(FrameHeader.Size, header.PayloadLength);
        consumed = payload.End;
        message = header.Compressed ? ParseCompressed(payload, deserialize) : Parse(payload, deserialize);
        return true;
    }

    private T ParseCompressed<T>(in ReadOnlySequence<byte> payload, Func<DeserializationContext, T> deserialize)
    {
        if (MessageEncodings.IsIdentity(encoding))
        {
            throw WireErrors.CompressedAsIdentity();
        }

        ICompressionProvider provider = encodings.Find(encoding) ?? throw WireErrors.UnknownEncoding(encoding!, encodings.AcceptEncoding);
        using var plain = new PooledBuffer();
        PayloadCodec.Decompress(payload, provider, maxSize, plain);
        return Parse(new ReadOnlySequence<byte>(plain.Written), deserialize);
    }

    private T Parse<T>(in ReadOnlySequence<byte> payload, Func<DeserializationContext, T> deserialize)
    {
        _payload = payload;
        try
        {
            return deserialize(this);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw WireErrors.BadMessage(exception);
        }
        finally
        {
            _payload = default;
        }
    }
}
