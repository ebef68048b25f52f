using System.Net.Sockets;

namespace OrleansLM.Links;

/// <summary>The limit: blocking sends and receives of the same bytes, nothing around them. Another thread answers.</summary>
internal sealed class RawEcho : IDisposable
{
    private const byte Answer = 1;

    private readonly Socket _near;
    private readonly Socket _far;
    private readonly byte[] _sent;

    public RawEcho(int bytes)
    {
        (_near, _far) = Loopback.Connect();
        _sent = new byte[bytes];
        new Random(1).NextBytes(_sent);
        new Thread(Work) { IsBackground = true }.Start();
    }

    /// <summary>Sends that many and waits until the last has arrived.</summary>
    public void Stream(int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            _sent[0] = i == frames - 1 ? Answer : (byte)0;
            _near.Send(_sent);
        }

        Receive(_near, _sent);
    }

    public void RoundTrips(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Stream(1);
        }
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private static void Receive(Socket socket, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = socket.Receive(bytes);
            bytes = count > 0 ? bytes[count..] : throw new IOException("closed");
        }
    }

    private void Work()
    {
        var buffer = new byte[_sent.Length];
        try
        {
            while (true)
            {
                Receive(_far, buffer);
                if (buffer[0] == Answer)
                {
                    _far.Send(buffer);
                }
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // The measurement is over.
        }
    }
}
