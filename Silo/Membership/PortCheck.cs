using System.Net;
using System.Net.Sockets;

namespace OrleansLM.Silo.Membership;

/// <summary>Whether a port takes connections. The machine behind it answers that, not the program, so one that is frozen or busy does.</summary>
internal static class PortCheck
{
    /// <param name="endpoint">Which.</param>
    /// <param name="limit">How long an answer may take.</param>
    /// <param name="time">Clock of the limit.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<bool> AnswersAsync(IPEndPoint endpoint, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var connecting = socket.ConnectAsync(endpoint, cancellation).AsTask();
        try
        {
            await connecting.WaitAsync(limit, time, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (TimeoutException)
        {
            // A process that is short of processors hears of the end of its wait and of the connection at the same time: the system knows which of them is true.
            var answers = socket.Poll(TimeSpan.Zero, SelectMode.SelectWrite) && !socket.Poll(TimeSpan.Zero, SelectMode.SelectError);
            _ = connecting.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return answers;
        }
    }
}
