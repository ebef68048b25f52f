using System.Net.Sockets;
using System.Security.Authentication;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>Makes links: the connection, its encryption, and the question that the other side answers with a welcome or a reason.</summary>
public static class LinkDialer
{
    /// <summary>Dials, asks, and waits for the answer. The link is not started yet.</summary>
    /// <param name="address">Whom.</param>
    /// <param name="hello">The question.</param>
    /// <param name="options">How.</param>
    /// <param name="time">Clock of the link.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The link, and how many frames may be on their way.</returns>
    /// <exception cref="LinkRefusedException">The other side does not want it.</exception>
    /// <exception cref="LinkLostException">Nobody is there, or the answer did not come.</exception>
    public static (Link Link, int Credit) Dial(LinkAddress address, FrameWriter hello, LinkOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var link = Connect(address, options, time, cancellation);
        using var registration = cancellation.Register(() => link.Close("it was given up"));
        try
        {
            link.Send(FrameKind.Hello, 0, hello);
            while (true)
            {
                using var answer = link.ReadOne(options.ConnectTimeout);
                switch (answer.Header.Kind)
                {
                    case FrameKind.Welcome:
                        return (link, (int)answer.Header.Step);
                    case FrameKind.Refused:
                        throw new LinkRefusedException($"{address} refuses: {answer.Text}");
                    case FrameKind.Wait:
                        break;
                    default:
                        throw new LinkLostException($"{address} answered with {answer.Header.Kind}; expected Welcome");
                }
            }
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>The other side of <see cref="Dial"/>: an accepted connection, before its first frame.</summary>
    public static Link Accept(Socket socket, LinkOptions options, TimeProvider time)
    {
        var peer = socket.RemoteEndPoint?.ToString() ?? "unknown";
        try
        {
            Prepare(socket, options);
            Stream stream = new NetworkStream(socket);
            stream.ReadTimeout = (int)options.ConnectTimeout.TotalMilliseconds;
            return new Link(socket, options.Tls?.AsServer(stream) ?? stream, peer, options, time);
        }
        catch (Exception error) when (error is AuthenticationException or IOException)
        {
            socket.Dispose();
            throw new LinkRefusedException($"{peer} was refused: {error.Message}");
        }
    }

    private static Link Connect(LinkAddress address, LinkOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(options.ConnectTimeout);
            Prepare(socket, options);
            socket.ConnectAsync(address.Host, address.Port, limit.Token).AsTask().GetAwaiter().GetResult();
            Stream stream = new NetworkStream(socket);
            return new Link(socket, options.Tls?.AsClient(stream, address.Host) ?? stream, address.ToString(), options, time);
        }
        catch (AuthenticationException error)
        {
            socket.Dispose();
            throw new LinkRefusedException($"{address}: {error.Message}");
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw new LinkLostException($"{address} cannot be reached: {(error is OperationCanceledException ? $"no connection within {options.ConnectTimeout.TotalSeconds:0.#} s" : error.Message)}", error);
        }
    }

    private static void Prepare(Socket socket, LinkOptions options)
    {
        socket.NoDelay = true;
        if (options.SocketBufferBytes > 0)
        {
            socket.SendBufferSize = socket.ReceiveBufferSize = options.SocketBufferBytes;
        }
    }
}
