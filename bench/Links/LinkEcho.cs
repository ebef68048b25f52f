using System.Net;
using System.Net.Sockets;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Links;

/// <summary>The same over a link, as stages use it: the far side hands each frame to a thread of its own, which answers.</summary>
internal sealed class LinkEcho : IDisposable
{
    private const byte Answer = 1;

    private static readonly LinkOptions s_options = new() { Window = 8 };

    private readonly Link _near;
    private readonly Link _far;
    private readonly FrameWriter _frame = new();
    private readonly FrameQueue _answers = new();
    private readonly FrameQueue _work = new();
    private readonly int _bytes;

    public LinkEcho(int bytes)
    {
        _bytes = bytes;
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var accepted = Task.Run(() => Welcome(listener.Accept()));
        (_near, var credit) = LinkDialer.Dial(
            new LinkAddress("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port), new FrameWriter(), s_options, TimeProvider.System, CancellationToken.None);
        _far = accepted.GetAwaiter().GetResult();
        _near.Start(_answers, credit);
        _far.Start(_work, s_options.Window);
        new Thread(Work) { IsBackground = true }.Start();
    }

    public void Stream(int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            _frame.Clear().Take(_bytes)[0] = i == frames - 1 ? Answer : (byte)0;
            _near.Send(FrameKind.Step, i, _frame);
        }

        _answers.Take()!.Dispose();
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

    private static Link Welcome(Socket socket)
    {
        var link = LinkDialer.Accept(socket, s_options, TimeProvider.System);
        link.ReadOne(s_options.ConnectTimeout).Dispose();
        link.Send(FrameKind.Welcome, s_options.Window, new FrameWriter());
        return link;
    }

    private void Work()
    {
        var answer = new FrameWriter();
        while (_work.Take() is { } frame)
        {
            using (frame)
            {
                if (frame.Payload[0] == Answer)
                {
                    answer.Clear().Write(frame.Payload);
                    _far.Send(FrameKind.Step, 0, answer);
                }
            }
        }
    }
}
