using System.Net;
using System.Net.Sockets;

namespace OrleansLM.Cli.Up;

/// <summary>Ports for the inside of a one-process cluster, which nobody else needs to know.</summary>
internal static class FreePort
{
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
