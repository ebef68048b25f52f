using System.Buffers;
using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Wire;

/// <summary>
/// Writes messages to a pipe or buffer, without flushing. A message whose length is announced is serialized straight into
/// its memory; any other, and one to be compressed, passes through a pooled buffer first.
/// </summary>
internal sealed class FrameWriter(IBufferWriter<byte> output, int? maxSize, ICompressionProvider? compression, CompressionLevel? level)
    : SerializationContext
{
    private PooledBuffer? _buffer;
    private int? _announced;
    private bool _compress;
    private bool _direct;
    private bool _complete;

    /// <summary>A message failed half way into the output: what follows could not be read, so the stream must be reset.</summary>
    public bool Broken { get; private set; }

    public void Write<T>(T message, Action<T, SerializationContext> serialize, bool allowCompression)
    {
        _announced = null;
        _direct = false;
        _complete = false;
        _compress = allowCompression && compression is not null;
        try
        {
            serialize(message, this);
            if (!_complete)
            {
                throw new InvalidOperationException("The serializer returned without completing the message.");
            }
        }
        catch when (_direct)
        {
            Broken = true;
            throw;
        }
        finally
        {
            _buffer?.Dispose();
            _buffer = null;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        CheckSize(payloadLength);
        _announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_direct)
        {
            return output;
        }

        if (_announced is not { } length || _compress)
        {
            return _buffer ??= new PooledBuffer();
        }

        _direct = true;
        (output as PooledBuffer)?.Reserve(FrameHeader.Size + length);
        new FrameHeader(Compressed: false, (uint)length).Write(output);
        return output;
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        CheckNotComplete();
        WritePayload(payload);
    }

    public override void Complete()
    {
        CheckNotComplete();
        if (!_direct)
        {
            WritePayload(_buffer is null ? [] : _buffer.Written.Span);
        }
    }

    private void CheckNotComplete()
    {
        if (_complete)
        {
            throw new InvalidOperationException("The message is already complete.");
        }

        _complete = true;
    }

    private void WritePayload(ReadOnlySpan<byte> payload)
    {
        CheckSize(payload.Length);
        if (!_compress || payload.IsEmpty)
        {
            // Of nothing, some compressors make nothing, which is no valid stream.
            WriteFrame(compressed: false, payload);
            return;
        }

        using var compressed = new PooledBuffer();
        PayloadCodec.Compress(payload, compression!, level, compressed);
        WriteFrame(compressed: true, compressed.Written.Span);
    }

    private void WriteFrame(bool compressed, ReadOnlySpan<byte> payload)
    {
        new FrameHeader(compressed, (uint)payload.Length).Write(output);
        output.Write(payload);
    }

    private void CheckSize(int length)
    {
        if (length > maxSize)
        {
            throw WireErrors.SentTooLarge(length, maxSize.Value);
        }
    }
}
