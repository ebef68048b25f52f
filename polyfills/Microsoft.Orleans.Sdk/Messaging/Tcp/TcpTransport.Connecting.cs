using System.Net;
using System.Net.Sockets;

namespace Orleans.Runtime.Messaging;

/// <summary>Making and accepting connections.</summary>
internal sealed partial class TcpTransport
{
    private static readonly TimeSpan BindPatience = TimeSpan.FromSeconds(5);

    private readonly List<Socket> _listeners = [];

    /// <summary>Connects with a silo, and checks on both sides that the other one belongs to this cluster.</summary>
    public async Task<Connection> DialAsync(SiloAddress peer)
    {
        using var timeout = new CancellationTokenSource(_options.OpenConnectionTimeout);
        var socket = new Socket(peer.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(peer.Endpoint, timeout.Token);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (_security is not null)
                stream = await _security.ConnectAsync(stream, peer.Endpoint, timeout.Token);
            return await IntroduceAsync(stream, peer, timeout.Token);
        }
        catch (Exception exception)
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            if (exception is ConnectionRefusedException refused)
                OnRefused(peer, refused);
            throw exception is OperationCanceledException
                ? new SiloUnavailableException($"{peer} did not answer within {_options.OpenConnectionTimeout}.", exception)
                : new SiloUnavailableException($"{peer} cannot be reached: {exception.Message}", exception);
        }
    }

    private async Task<Connection> IntroduceAsync(Stream stream, SiloAddress peer, CancellationToken cancellation)
    {
        var preamble = new Preamble(Preamble.CurrentVersion, _cluster.ClusterId, _cluster.ServiceId, _local, peer.Generation == 0 ? null : peer);
        await Preamble.SendAsync(stream, _codecs, preamble.Write, cancellation);
        PreambleReply reply = PreambleReply.Read(await Preamble.ReceiveAsync(stream, _codecs, cancellation));
        if (reply.Code != RefusalCode.None)
            throw new ConnectionRefusedException(reply.Code, reply.Reason);

        var connection = new Connection(stream, peer, _messaging.MaxMessageHeaderSize, _messaging.MaxMessageBodySize) { IsDialed = true, PeerSilo = reply.Address };
        LogConnected(peer);
        Run(connection);
        return connection;
    }

    private void OnRefused(SiloAddress peer, ConnectionRefusedException refused)
    {
        LogRefusedBy(peer, refused.Message);
        if (refused.Code == RefusalCode.Dead)
            _receiver!.OnDisowned(peer);
    }

    private async Task ListenAsync(IPEndPoint endpoint, bool forClients, CancellationToken cancellation)
    {
        Socket listener = await BindAsync(endpoint, cancellation);
        lock (_listeners)
            _listeners.Add(listener);
        LogListening(forClients ? "clients" : "silos", endpoint);
        _ = Task.Run(() => AcceptAsync(listener, forClients), CancellationToken.None);
    }

    // The port may be that of an earlier run which is about to end.
    private static async Task<Socket> BindAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var listener = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(endpoint);
                listener.Listen();
                return listener;
            }
            catch (SocketException exception)
            {
                listener.Dispose();
                if (exception.SocketErrorCode != SocketError.AddressAlreadyInUse || TimeProvider.System.GetElapsedTime(start) > BindPatience)
                    throw new OrleansConfigurationException($"Cannot listen on {endpoint}: {exception.Message}", exception);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private void StopListening()
    {
        lock (_listeners)
        {
            foreach (Socket listener in _listeners)
                listener.Dispose();
            _listeners.Clear();
        }
    }

    private async Task AcceptAsync(Socket listener, bool forClients)
    {
        while (true)
        {
            try
            {
                Socket socket = await listener.AcceptAsync();
                _ = Task.Run(() => WelcomeAsync(socket, forClients));
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.InvalidArgument })
            {
                return;
            }
            catch (SocketException exception)
            {
                LogAcceptFailed(null, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private async Task WelcomeAsync(Socket socket, bool forClients)
    {
        EndPoint? remote = null;
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            remote = socket.RemoteEndPoint;
            socket.NoDelay = true;
            using var timeout = new CancellationTokenSource(_options.OpenConnectionTimeout);
            if (_security is not null)
                stream = await _security.AcceptAsync(stream, timeout.Token);
            Preamble preamble = Preamble.Read(await Preamble.ReceiveAsync(stream, _codecs, timeout.Token));
            PreambleReply reply = Judge(preamble, forClients);
            Connection? connection = reply.Code == RefusalCode.None ? Admit(stream, preamble.Address) : null;
            await Preamble.SendAsync(stream, _codecs, reply.Write, timeout.Token);
            if (connection is not null)
            {
                LogConnected(preamble.Address);
                LinkOf(preamble.Address, canDial: !preamble.Address.IsClient).Adopt(connection);
                Run(connection);
                return;
            }

            LogRefused(preamble.Address, remote, reply.Reason);
        }
        catch (Exception exception)
        {
            if (!_isClosed)
                LogAcceptFailed(remote, exception);
        }

        await stream.DisposeAsync();
    }

    private Connection Admit(Stream stream, SiloAddress peer)
        => new(stream, peer, _messaging.MaxMessageHeaderSize, _messaging.MaxMessageBodySize) { IsDialed = false, PeerSilo = peer };

    private PreambleReply Judge(Preamble preamble, bool forClients)
    {
        (RefusalCode code, string reason) = WhyRefused(preamble, forClients);
        return new PreambleReply(code, reason, _local);
    }

    private (RefusalCode Code, string Reason) WhyRefused(Preamble preamble, bool forClients)
    {
        if (preamble.Version != Preamble.CurrentVersion)
            return (RefusalCode.Protocol, $"protocol version {preamble.Version}; this silo, {_local}, speaks version {Preamble.CurrentVersion}");
        if (preamble.ClusterId != _cluster.ClusterId)
            return (RefusalCode.Cluster, $"cluster id '{preamble.ClusterId}'; this silo, {_local}, belongs to cluster '{_cluster.ClusterId}'");
        if (preamble.ServiceId != _cluster.ServiceId)
            return (RefusalCode.Cluster, $"service id '{preamble.ServiceId}'; this silo, {_local}, belongs to service '{_cluster.ServiceId}'");
        if (preamble.Address.IsClient != forClients)
            return (RefusalCode.WrongPort, $"this port of {_local} is for {(forClients ? "clients" : "silos")} only");
        if (preamble.Expected is { } expected && expected.Generation != _local.Generation)
            return (RefusalCode.NotThisSilo, $"{expected} is not here; this is {_local}");

        return _receiver!.WhyRefused(preamble.Address) is { } reason ? (RefusalCode.Dead, reason) : (RefusalCode.None, "");
    }
}
