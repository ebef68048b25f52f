using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>
/// Carries messages over TCP: one long-lived connection per pair of processes, made by whoever has something to send first, used in both directions. What cannot be
/// sent is given back to the receiver of this side.
/// </summary>
internal sealed partial class TcpTransport : IMessageTransport
{
    private const byte LeaveSign = 1;
    private const byte UnderstoodSign = 2;

    // How long a silo that is gone may still be heard: what it has sent before may be on the way.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<SiloAddress, PeerLink> _links = new();
    private readonly ConcurrentDictionary<Connection, byte> _connections = new();
    private readonly MessageCodec _messages;
    private readonly WireCodecs _codecs;
    private readonly ClusterOptions _cluster;
    private readonly ConnectionOptions _options;
    private readonly MessagingOptions _messaging;
    private readonly TransportEndpoints? _endpoints;
    private readonly ITransportSecurity? _security;
    private readonly ILogger _logger;
    private SiloAddress _local = SiloAddress.Zero;
    private IMessageReceiver? _receiver;
    private volatile bool _isClosed;

    public TcpTransport(
        MessageCodec messages,
        WireCodecs codecs,
        IOptions<ClusterOptions> cluster,
        IOptions<ConnectionOptions> options,
        MessagingOptions messaging,
        TransportEndpoints? endpoints,
        ITransportSecurity? security,
        ILogger<TcpTransport> logger)
    {
        _messages = messages;
        _codecs = codecs;
        _cluster = cluster.Value;
        _options = options.Value;
        _messaging = messaging;
        _endpoints = endpoints;
        _security = security;
        _logger = logger;
    }

    public async Task AttachAsync(SiloAddress address, IMessageReceiver receiver, CancellationToken cancellation)
    {
        _local = address;
        _receiver = receiver;
        if (_endpoints is null)
            return;

        await ListenAsync(_endpoints.Silos, forClients: false, cancellation);
        if (_endpoints.Clients is { } clients)
            await ListenAsync(clients, forClients: true, cancellation);
    }

    public async Task LeaveAsync()
        => await Task.WhenAll(_links.Values.Select(l => l.LeaveAsync(SignOf(LeaveSign)))).WaitAsync(_options.OpenConnectionTimeout)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public async Task DetachAsync(SiloAddress address)
    {
        StopListening();
        _isClosed = true;
        PeerLink[] links = [.. _links.Values];
        foreach (PeerLink link in links)
            link.Complete();
        await Task.WhenAll(links.Select(l => l.Completion)).WaitAsync(_options.OpenConnectionTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        CutOff(address);
    }

    public void CutOff(SiloAddress address)
    {
        StopListening();
        _isClosed = true;
        foreach (PeerLink link in _links.Values)
            link.Close();
        foreach (Connection connection in _connections.Keys)
            connection.Close();
    }

    public async Task ForgetAsync(SiloAddress silo)
    {
        if (_links.TryRemove(silo, out PeerLink? link))
            link.Complete();
        Connection[] connections = [.. _connections.Keys.Where(c => c.Peer.Equals(silo))];
        await Task.WhenAll(connections.Select(c => c.Ended)).WaitAsync(LastWords).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        link?.Close();
        foreach (Connection connection in connections)
            connection.Close();
    }

    public bool TrySend(SiloAddress destination, Message message)
    {
        if (destination.Equals(_local))
        {
            _receiver!.Receive(message);
            return true;
        }

        return !_isClosed && LinkFor(destination, message.Via) is { } link && TrySend(link, message);
    }

    /// <summary>Whether there is a connection with the peer now.</summary>
    public bool IsConnected(SiloAddress peer) => _links.TryGetValue(peer, out PeerLink? link) && link.IsConnected;

    /// <summary>Whether there is a connection with the peer now, and it takes requests.</summary>
    public bool TakesRequests(SiloAddress peer) => _links.TryGetValue(peer, out PeerLink? link) && link is { IsConnected: true, IsPeerLeaving: false };

    /// <summary>The peer under which a silo is connected: itself, or its gateway endpoint.</summary>
    public SiloAddress? PeerOf(SiloAddress silo) => _connections.Keys.FirstOrDefault(c => c.PeerSilo.Equals(silo) && !c.IsClosed)?.Peer;

    /// <summary>Connects with a peer, if that is not so already.</summary>
    public async Task ConnectAsync(SiloAddress peer) => await LinkOf(peer, canDial: true).ConnectAsync();

    public void OnUnsent(Message message, Exception reason)
    {
        if (_isClosed || message.Kind is MessageKind.Cancel or MessageKind.Moved)
            return;
        if (message.IsRequest)
            _receiver!.OnUnsent(message, reason);
        else
            LogDropped(message, reason);
    }

    public void OnLost(Message message, SiloAddress peer, Exception reason)
    {
        // The pending calls of this side fail when the connection does.
        if (message.IsRequest && !message.SendingSilo.Equals(_local))
            _receiver!.OnRefused(message, new SiloUnavailableException($"The connection with {peer} ended while {message} was sent.", reason));
    }

    public void OnBroken(Connection connection, Exception? reason)
    {
        if (!_connections.TryRemove(connection, out _))
            return;

        connection.Close();
        connection.End();
        if (_links.TryGetValue(connection.Peer, out PeerLink? link) && !link.IsConnected)
            Abandon(link);

        if (!_isClosed)
            LogDisconnected(connection.Peer, reason is OperationCanceledException or IOException ? null : reason);
        _receiver!.OnDisconnected(connection.Peer, reason);
    }

    // A peer that takes no more requests is not dialed again; a client dials by itself.
    private void Abandon(PeerLink link)
    {
        link.OnDisconnected();
        if (!link.Peer.IsClient && !link.IsPeerLeaving)
            return;

        _links.TryRemove(KeyValuePair.Create(link.Peer, link));
        link.Close();
    }

    // Clients make the connections; a response may go back through the silo that the request came through.
    private PeerLink? LinkFor(SiloAddress destination, SiloAddress? via)
    {
        if (!destination.IsClient)
            return LinkOf(destination, canDial: true);
        if (_links.TryGetValue(destination, out PeerLink? link))
            return link;

        return via is not null && !via.Equals(_local) ? LinkOf(via, canDial: true) : null;
    }

    private PeerLink LinkOf(SiloAddress peer, bool canDial)
        => _links.TryGetValue(peer, out PeerLink? link) ? link : _links.GetOrAdd(peer, static (p, t) => new PeerLink(t.Transport, p, t.CanDial), (Transport: this, CanDial: canDial));

    private bool TrySend(PeerLink link, Message message)
    {
        WireWriter? frame = null;
        try
        {
            frame = _messages.Encode(message, _messaging.MaxMessageHeaderSize, _messaging.MaxMessageBodySize);
            if (link.Post(new Outgoing(message, frame)))
                return true;

            frame.Dispose();
            return false;
        }
        catch (Exception exception)
        {
            frame?.Dispose();
            Refuse(message, exception);
            return true;
        }
    }

    // A response that cannot be written is replaced by the reason.
    private void Refuse(Message message, Exception reason)
    {
        if (message.Kind != MessageKind.Response)
            _receiver!.OnRefused(message, reason);
        else if (message.Exception is null && message.Body is null)
            TrySend(message.TargetSilo!, ReplaceBy(message, reason));
        else if (message.Exception is not null and not OrleansMessageRejectionException)
            TrySend(message.TargetSilo!, ReplaceBy(message, new OrleansMessageRejectionException($"{message.Exception.GetType()}: {message.Exception.Message} (it could not be sent: {reason.Message})")));
        else
            LogDropped(message, reason);
    }

    private static Message ReplaceBy(Message response, Exception exception) => new()
    {
        Kind = MessageKind.Response,
        Id = response.Id,
        Target = response.Target,
        SendingSilo = response.SendingSilo,
        TargetSilo = response.TargetSilo,
        Via = response.Via,
        Exception = exception,
    };

    private void Run(Connection connection)
    {
        _connections.TryAdd(connection, 0);
        _ = Task.Run(() => ReadAsync(connection));
        if (_isClosed)
            connection.Close();
    }

    private async Task ReadAsync(Connection connection)
    {
        Exception? reason = await connection.ReadAsync((header, body) => ReceiveAsync(connection, header, body));
        OnBroken(connection, reason);
    }

    private async ValueTask ReceiveAsync(Connection connection, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> body)
    {
        if (header.IsEmpty)
        {
            ReceiveSign(connection, body);
            return;
        }

        Message message = _messages.DecodeHeader(header, body);
        if (connection.Peer.IsClient)
            message = FromClient(message, connection.Peer);
        try
        {
            _receiver!.Receive(message);
        }
        catch (Exception exception)
        {
            LogReceiveFailed(connection.Peer, exception);
        }

        // Who sends more than it takes the answers of is not listened to for a while.
        while (_links.TryGetValue(connection.Peer, out PeerLink? link) && link.IsCongested && !connection.IsClosed)
            await Task.Delay(TimeSpan.FromMilliseconds(5));
    }

    private void ReceiveSign(Connection connection, ReadOnlyMemory<byte> body)
    {
        if (!_links.TryGetValue(connection.Peer, out PeerLink? link))
            return;

        if (body.Length == 1 && body.Span[0] == LeaveSign)
            link.OnPeerLeaves(SignOf(UnderstoodSign));
        else
            link.OnLeaveUnderstood();
    }

    private WireWriter SignOf(byte sign)
    {
        var frame = new WireWriter(_codecs);
        frame.WriteInt32(0);
        frame.WriteInt32(1);
        frame.WriteByte(sign);
        return frame;
    }

    // A client knows no silos but the one that it is connected to: that one finds the grain.
    private Message FromClient(Message message, SiloAddress client)
    {
        if (!message.SendingSilo.Equals(client))
            throw new WireFormatException($"{client} sends a message in the name of {message.SendingSilo}.");

        message.TargetSilo = null;
        message.Via = _local;
        return message;
    }
}
