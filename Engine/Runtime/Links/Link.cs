using System.Buffers.Binary;
using System.Net.Sockets;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>
/// One long-lived connection between neighbours, both ways. Frames go out on the caller's thread and come in on the link's own, which blocks in the socket: that
/// is one wake-up a hop and no queue between. A side sends no more frames than the other has given credit for.
/// </summary>
public sealed class Link : IDisposable
{
    private readonly Lock _sending = new();
    private readonly object _creditLock = new();
    private readonly Lock _spareLock = new();

    /// <summary>The one that was used last comes first: it is in the cache.</summary>
    private readonly Stack<FrameBuffer> _spare = new();
    private readonly FrameWriter _small = new(64);
    private readonly LinkOptions _options;
    private readonly TimeProvider _time;
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly FrameReader _reader;
    private ILinkReceiver? _receiver;
    private ITimer? _heartbeat;
    private string? _lost;
    private long _heard;
    private long _sent;
    private int _credit;
    private int _workedOff;

    internal Link(Socket socket, Stream stream, string peer, LinkOptions options, TimeProvider time)
    {
        (_socket, _stream, Peer, _options, _time) = (socket, stream, peer, options, time);
        _reader = new FrameReader(stream);
        _heard = _sent = time.GetTimestamp();
    }

    /// <summary>The other side's address.</summary>
    public string Peer { get; }

    /// <summary>Why it is closed; null while it is open.</summary>
    public string? LostReason => Volatile.Read(ref _lost);

    /// <summary>Bytes sent since the start, headers included.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes received since the start, headers included.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Sends a frame: one of a kind from <see cref="FrameKind.Step"/> on waits for credit first.</summary>
    /// <exception cref="LinkLostException">The link is lost, or was lost meanwhile.</exception>
    public void Send(FrameKind kind, long step, FrameWriter frame)
    {
        if (kind >= FrameKind.Step)
        {
            TakeCredit();
        }

        Write(kind, step, frame);
    }

    /// <summary>Closes the link; the other side is told why.</summary>
    public void Close(string reason)
    {
        if (LostReason is null && _sending.TryEnter())
        {
            try
            {
                var writer = new FrameWriter();
                writer.Write(reason);
                WritePieces(writer.Sealed(FrameKind.Goodbye, 0));
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or SocketException)
            {
                // It is closed either way; the other side will see that.
            }
            finally
            {
                _sending.Exit();
            }
        }

        Lose(reason);
    }

    public void Dispose()
    {
        Lose("it was disposed");
        _stream.Dispose();
        _socket.Dispose();
    }

    /// <summary>Before <see cref="Start"/>: the next frame, which both sides know to come.</summary>
    /// <exception cref="LinkLostException">It did not come.</exception>
    public FrameBuffer ReadOne(TimeSpan timeout)
    {
        try
        {
            _stream.ReadTimeout = (int)timeout.TotalMilliseconds;
            return ReadFrame();
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException)
        {
            Lose(error.Message);
            throw new LinkLostException($"no answer from {Peer}: {error.Message}", error);
        }
    }

    /// <summary>From now on frames go to <paramref name="receiver"/>, and <paramref name="credit"/> of ours may be on their way.</summary>
    public void Start(ILinkReceiver receiver, int credit)
    {
        _receiver = receiver;
        _credit = credit;
        _stream.ReadTimeout = Timeout.Infinite;
        _heard = _time.GetTimestamp();
        _reader.Heard = () => Volatile.Write(ref _heard, _time.GetTimestamp());
        new Thread(Receive) { IsBackground = true, Name = $"link {Peer}" }.Start();
        _heartbeat = _time.CreateTimer(_ => Beat(), null, _options.Heartbeat, _options.Heartbeat);
    }

    internal void GiveBack(FrameBuffer frame)
    {
        var counts = frame.Header.Kind >= FrameKind.Step;
        lock (_spareLock)
        {
            _spare.Push(frame);
        }

        if (!counts || Interlocked.Increment(ref _workedOff) < (_options.Window + 1) / 2)
        {
            return;
        }

        var credit = Interlocked.Exchange(ref _workedOff, 0);
        if (credit > 0)
        {
            TryWrite(FrameKind.Credit, credit);
        }
    }

    private void Write(FrameKind kind, long step, FrameWriter frame)
    {
        try
        {
            lock (_sending)
            {
                RequireOpen();
                WritePieces(frame.Sealed(kind, step));
            }
        }
        catch (Exception error) when (error is IOException and not LinkLostException or ObjectDisposedException or SocketException)
        {
            Lose(error.Message);
            throw new LinkLostException($"the link to {Peer} is lost: {LostReason}", error);
        }
    }

    /// <summary>Each piece is summed just before it leaves, while it is in the cache.</summary>
    private void WritePieces(Span<byte> frame)
    {
        var checksum = default(Checksum);
        var payload = frame[FrameHeader.Bytes..^FrameHeader.TrailerBytes];
        var sent = 0;
        for (var at = 0; ; at += FrameReader.PieceBytes)
        {
            var end = Math.Min(payload.Length, at + FrameReader.PieceBytes);
            checksum.Append(payload[at..end]);
            var isLast = end == payload.Length;
            if (isLast)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(frame[^FrameHeader.TrailerBytes..], checksum.Value);
            }

            var until = isLast ? frame.Length : FrameHeader.Bytes + end;
            _stream.Write(frame[sent..until]);
            sent = until;
            if (isLast)
            {
                break;
            }
        }

        BytesSent += frame.Length;
        Volatile.Write(ref _sent, _time.GetTimestamp());
    }

    private void TryWrite(FrameKind kind, long number)
    {
        try
        {
            lock (_sending)
            {
                WritePieces(_small.Clear().Sealed(kind, number));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or SocketException)
        {
            Lose(error.Message);
        }
    }

    private void TakeCredit()
    {
        lock (_creditLock)
        {
            while (_credit == 0 && LostReason is null)
            {
                Monitor.Wait(_creditLock);
            }

            RequireOpen();
            _credit--;
        }
    }

    private void AddCredit(long credit)
    {
        lock (_creditLock)
        {
            _credit += (int)credit;
            Monitor.PulseAll(_creditLock);
        }
    }

    private void Receive()
    {
        try
        {
            while (LostReason is null)
            {
                Handle(ReadFrame());
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException)
        {
            Lose(error.Message);
        }

        _receiver!.Lost(this, LostReason!);
    }

    private FrameBuffer ReadFrame()
    {
        var header = _reader.ReadHeader();
        if (header.Length < 0 || header.Length > _options.MaxFrameBytes)
        {
            throw new InvalidDataException($"a {header.Kind} frame of {header.Length} bytes; expected at most {_options.MaxFrameBytes}");
        }

        var frame = Spare();
        _reader.ReadPayload(header, frame.Prepare(header));
        BytesReceived += FrameHeader.Bytes + header.Length + FrameHeader.TrailerBytes;
        return frame;
    }

    private FrameBuffer Spare()
    {
        lock (_spareLock)
        {
            return _spare.TryPop(out var spare) ? spare : new FrameBuffer(this);
        }
    }

    private void Handle(FrameBuffer frame)
    {
        switch (frame.Header.Kind)
        {
            case >= FrameKind.Step:
                _receiver!.Received(this, frame);
                return;
            case FrameKind.Credit:
                AddCredit(frame.Header.Step);
                break;
            case FrameKind.Goodbye:
                Lose(frame.Text);
                break;
        }

        frame.Dispose();
    }

    private void Beat()
    {
        var silence = _time.GetElapsedTime(Volatile.Read(ref _heard));
        if (silence > _options.SilenceLimit)
        {
            Lose($"no sign of life from {Peer} for {silence.TotalSeconds:0.0} s");
        }
        else if (_time.GetElapsedTime(Volatile.Read(ref _sent)) >= _options.Heartbeat / 2)
        {
            // Whoever sends right now is a sign of life enough.
            if (_sending.TryEnter())
            {
                _sending.Exit();
                TryWrite(FrameKind.Ping, 0);
            }
        }
    }

    private void RequireOpen()
    {
        if (LostReason is { } reason)
        {
            throw new LinkLostException($"the link to {Peer} is lost: {reason}");
        }
    }

    private void Lose(string reason)
    {
        if (Interlocked.CompareExchange(ref _lost, reason, null) is not null)
        {
            return;
        }

        _heartbeat?.Dispose();
        try
        {
            // Ends the read that the link's thread is in.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is down already.
        }

        _socket.Close();
        lock (_creditLock)
        {
            Monitor.PulseAll(_creditLock);
        }
    }
}
