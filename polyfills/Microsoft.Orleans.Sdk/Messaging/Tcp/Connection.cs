using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Orleans.Runtime.Messaging;

/// <summary>One TCP connection with a peer that both sides have accepted. Frames are read by one loop and written by one link at a time.</summary>
internal sealed class Connection(Stream stream, SiloAddress peer, int maxHeader, int maxBody)
{
    private const int BufferBytes = 64 * 1024;

    private readonly byte[] _batch = new byte[BufferBytes];
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _batched;
    private int _isClosed;

    public SiloAddress Peer { get; } = peer;

    /// <summary>Whether this side has made the connection.</summary>
    public required bool IsDialed { get; init; }

    /// <summary>The silo or client at the other end, as it says itself; the peer may be given by its gateway endpoint.</summary>
    public required SiloAddress PeerSilo { get; init; }

    /// <summary>Nothing more comes from the peer.</summary>
    public Task Ended => _ended.Task;

    public bool IsClosed => Volatile.Read(ref _isClosed) != 0;

    /// <summary>Hands over each frame, header and body, until the connection ends. Returns why it ended; null when the peer closed it in good order.</summary>
    public async Task<Exception?> ReadAsync(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, ValueTask> receive)
    {
        PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes));
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync(_closing.Token);
                ReadOnlySequence<byte> buffer = read.Buffer;
                while (TryTakeFrame(ref buffer, out byte[]? frame, out int header))
                    await receive(frame.AsMemory(0, header), frame.AsMemory(header));
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                    return buffer.IsEmpty ? null : new EndOfStreamException("The connection ended within a message.");
            }
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>Puts a frame into the batch that is written next, or writes it at once when it is large.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length > BufferBytes - _batched)
            await FlushAsync();
        if (frame.Length > BufferBytes)
        {
            await stream.WriteAsync(frame, _closing.Token);
            return;
        }

        frame.CopyTo(_batch.AsMemory(_batched));
        _batched += frame.Length;
    }

    public async ValueTask FlushAsync()
    {
        int count = _batched;
        _batched = 0;
        if (count > 0)
            await stream.WriteAsync(_batch.AsMemory(0, count), _closing.Token);
        await stream.FlushAsync(_closing.Token);
    }

    public void End() => _ended.TrySetResult();

    /// <summary>False when it was closed before.</summary>
    public bool Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return false;

        _closing.Cancel();
        stream.Dispose();
        return true;
    }

    private bool TryTakeFrame(ref ReadOnlySequence<byte> buffer, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? frame, out int header)
    {
        frame = null;
        header = 0;
        if (buffer.Length < MessageCodec.PrefixBytes)
            return false;

        Span<byte> prefix = stackalloc byte[MessageCodec.PrefixBytes];
        buffer.Slice(0, MessageCodec.PrefixBytes).CopyTo(prefix);
        header = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        int body = BinaryPrimitives.ReadInt32LittleEndian(prefix[sizeof(int)..]);
        if (header < 0 || header > maxHeader || body < 0 || body > maxBody)
            throw new Serialization.WireFormatException($"{Peer} sends a message with a header of {header} and a content of {body} bytes; at most {maxHeader} and {maxBody} are allowed.");

        long total = (long)MessageCodec.PrefixBytes + header + body;
        if (buffer.Length < total)
            return false;

        frame = buffer.Slice(MessageCodec.PrefixBytes, header + body).ToArray();
        buffer = buffer.Slice(total);
        return true;
    }
}
