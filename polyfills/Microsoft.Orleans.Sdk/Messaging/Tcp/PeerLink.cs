using System.Threading.Channels;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>What is to be sent to one peer, in order, over whatever connection there is; it makes one when it can and none is there.</summary>
internal sealed class PeerLink
{
    private const int MaxQueuedRequests = 20_000;
    private const long MaxQueuedBytes = 256L * 1024 * 1024;

    private readonly Channel<Outgoing> _queue = Channel.CreateUnbounded<Outgoing>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TcpTransport _transport;
    private readonly List<Outgoing> _unflushed = [];
    private readonly Lock _connecting = new();
    private readonly SemaphoreSlim _dialing = new(1);
    private readonly bool _canDial;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Connection? _connection;
    private long _queuedBytes;
    private int _queuedCount;
    private bool _isClosed;

    public PeerLink(TcpTransport transport, SiloAddress peer, bool canDial)
    {
        _transport = transport;
        _canDial = canDial;
        Peer = peer;
        Completion = Task.Run(PumpAsync);
    }

    public SiloAddress Peer { get; }

    /// <summary>The end of the link, after everything that was queued has been sent or given back.</summary>
    public Task Completion { get; }

    public bool IsConnected => Volatile.Read(ref _connection) is { IsClosed: false };

    /// <summary>The peer takes no more requests.</summary>
    public bool IsPeerLeaving { get; private set; }

    /// <summary>Whether more waits to be sent than may, so that no more is read from this peer.</summary>
    public bool IsCongested => Volatile.Read(ref _queuedBytes) > MaxQueuedBytes;

    /// <summary>Takes a message over. False when the link is closed. Throws when too much is queued already; responses are always taken.</summary>
    public bool Post(Outgoing outgoing)
    {
        bool isRequest = outgoing.Message is { IsRequest: true };
        if (isRequest && IsPeerLeaving && !outgoing.Message!.IsSystem)
            return false;
        if (isRequest && (Volatile.Read(ref _queuedCount) >= MaxQueuedRequests || IsCongested))
            throw new OrleansMessageRejectionException($"Overloaded: {_queuedCount} messages of {_queuedBytes} bytes wait to be sent to {Peer}.");

        Interlocked.Increment(ref _queuedCount);
        Interlocked.Add(ref _queuedBytes, outgoing.Frame.Position);
        if (_queue.Writer.TryWrite(outgoing))
            return true;

        Count(outgoing);
        return false;
    }

    /// <summary>Tells the peer to send no more requests; completes when it has understood.</summary>
    public Task LeaveAsync(WireWriter sign)
    {
        if (!IsConnected || !Post(new Outgoing(null, sign)))
            _left.TrySetResult();
        return _left.Task;
    }

    public void OnLeaveUnderstood() => _left.TrySetResult();

    /// <summary>What was queued before goes first, and then the answer.</summary>
    public void OnPeerLeaves(WireWriter answer)
    {
        IsPeerLeaving = true;
        Post(new Outgoing(null, answer));
    }

    /// <summary>Uses a connection that the peer has made, unless this side has one already.</summary>
    public void Adopt(Connection connection)
    {
        lock (_connecting)
        {
            if (!_isClosed && (Peer.IsClient || _connection is null or { IsClosed: true }))
                _connection = connection;
        }
    }

    /// <summary>Makes the connection when there is none.</summary>
    public async Task<Connection> ConnectAsync()
    {
        if (Volatile.Read(ref _connection) is { IsClosed: false } existing)
            return existing;
        if (!_canDial)
            throw new SiloUnavailableException($"{Peer} is not connected any more.");

        await _dialing.WaitAsync();
        try
        {
            return Volatile.Read(ref _connection) is { IsClosed: false } adopted ? adopted : Keep(await _transport.DialAsync(Peer));
        }
        finally
        {
            _dialing.Release();
        }
    }

    /// <summary>Takes no more; what is queued is still sent.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Ends at once; what is queued is given back.</summary>
    public void Close()
    {
        Connection? connection;
        lock (_connecting)
        {
            _isClosed = true;
            connection = _connection;
        }

        _queue.Writer.TryComplete();
        connection?.Close();
    }

    private Connection Keep(Connection made)
    {
        lock (_connecting)
        {
            if (!_isClosed)
                return _connection = made;
        }

        made.Close();
        throw new SiloUnavailableException($"The link with {Peer} is closed.");
    }

    private async Task PumpAsync()
    {
        ChannelReader<Outgoing> reader = _queue.Reader;
        while (await reader.WaitToReadAsync())
        {
            try
            {
                if (Volatile.Read(ref _isClosed))
                    throw new SiloUnavailableException($"The link with {Peer} is closed.");
                Connection connection = await ConnectAsync();
                await SendAsync(connection, reader);
            }
            catch (Exception exception)
            {
                GiveBack(reader, exception);
            }
        }
    }

    private async Task SendAsync(Connection connection, ChannelReader<Outgoing> reader)
    {
        try
        {
            while (reader.TryRead(out Outgoing next))
            {
                _unflushed.Add(next);
                await connection.WriteAsync(next.Frame.Memory);
            }

            await connection.FlushAsync();
            foreach (Outgoing sent in _unflushed)
                Release(sent);
        }
        catch (Exception exception)
        {
            // Some of it may have arrived.
            _transport.OnBroken(connection, exception);
            foreach (Outgoing lost in _unflushed)
            {
                Release(lost);
                if (lost.Message is not null)
                    _transport.OnLost(lost.Message, Peer, exception);
            }
        }

        _unflushed.Clear();
    }

    private void GiveBack(ChannelReader<Outgoing> reader, Exception reason)
    {
        while (reader.TryRead(out Outgoing unsent))
        {
            Release(unsent);
            if (unsent.Message is not null)
                _transport.OnUnsent(unsent.Message, reason);
        }
    }

    // Whatever is undone by then would wait for a peer that is gone.
    public void OnDisconnected() => _left.TrySetResult();

    private void Release(Outgoing outgoing)
    {
        Count(outgoing);
        outgoing.Frame.Dispose();
    }

    private void Count(Outgoing outgoing)
    {
        Interlocked.Decrement(ref _queuedCount);
        Interlocked.Add(ref _queuedBytes, -outgoing.Frame.Position);
    }
}
