using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Tests.Runtime.Links;

/// <summary>Both ends of a link over loopback; the near one has been welcomed. What the far end receives waits to be taken.</summary>
internal sealed class LinkPair : ILinkReceiver, IDisposable
{
    private readonly BlockingCollection<FrameBuffer> _received = [];
    private readonly TaskCompletionSource<string> _farLost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LinkPair(LinkOptions options, LinkOptions? farOptions = null, TimeProvider? time = null, string? refusal = null)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        var accepted = Task.Run(() => Answer(listener.Accept(), farOptions ?? options, time ?? TimeProvider.System, refusal));
        try
        {
            var address = new LinkAddress("::1", ((IPEndPoint)listener.LocalEndPoint!).Port);
            var (near, credit) = LinkDialer.Dial(address, new FrameWriter(), options, time ?? TimeProvider.System, CancellationToken.None);
            (Near, Far) = (near, accepted.GetAwaiter().GetResult());
            Near.Start(new Watcher(NearLost), credit);
            Far.Start(this, options.Window);
        }
        catch
        {
            // What the far side has to say about it comes second.
            accepted.ContinueWith(task => task.Exception, TaskScheduler.Default).GetAwaiter().GetResult();
            throw;
        }
    }

    public Link Near { get; }

    public Link Far { get; }

    public TaskCompletionSource<string> NearLost { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string> FarLost => _farLost.Task;

    public int Waiting => _received.Count;

    public FrameBuffer Take() => _received.TryTake(out var frame, TimeSpan.FromMinutes(1)) ? frame : throw new TimeoutException("no frame came");

    public void Received(Link link, FrameBuffer frame) => _received.Add(frame);

    public void Lost(Link link, string reason) => _farLost.TrySetResult(reason);

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
        _received.Dispose();
    }

    private static Link Answer(Socket socket, LinkOptions options, TimeProvider time, string? refusal)
    {
        var link = LinkDialer.Accept(socket, options, time);
        link.ReadOne(TimeSpan.FromMinutes(1)).Dispose();
        var answer = new FrameWriter();
        answer.Write(refusal ?? "");
        link.Send(refusal is null ? FrameKind.Welcome : FrameKind.Refused, options.Window, answer);
        return link;
    }

    private sealed class Watcher(TaskCompletionSource<string> lost) : ILinkReceiver
    {
        public void Received(Link link, FrameBuffer frame) => frame.Dispose();

        public void Lost(Link link, string reason) => lost.TrySetResult(reason);
    }
}
