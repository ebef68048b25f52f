using System.Net.Sockets;

namespace OrleansLM.Cli.Client;

/// <summary>Connects to the first of several gateways that accepts, beginning with the one that did last. All of them serve every session.</summary>
internal sealed class AnyGateway(IReadOnlyList<Uri> addresses)
{
    private int _last;

    /// <exception cref="SocketException">None of them accepts.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var first = Volatile.Read(ref _last);
        for (var i = 0; ; i++)
        {
            var index = (first + i) % addresses.Count;
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[index].DnsSafeHost, addresses[index].Port, cancellationToken);
                Volatile.Write(ref _last, index);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i + 1 < addresses.Count)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
