using System.Net;
using System.Net.Sockets;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Ports that nobody listens on, below those that the system gives to outgoing connections.</summary>
internal static class Ports
{
    private static int s_next = 10_000 + (Environment.ProcessId * 37 % 12_000);

    public static int Take()
    {
        while (true)
        {
            int port = Interlocked.Increment(ref s_next);
            if (IsFree(port))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
