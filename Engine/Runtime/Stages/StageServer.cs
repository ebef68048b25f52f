using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Serves stages of models to engines in other processes: accepts links, holds each to cluster, version and weights, loads the layers that are asked for, and
/// connects to the stage behind. Everything refused is told to both sides.
/// </summary>
public sealed class StageServer : IDisposable
{
    private static readonly TimeSpan s_signOfLife = TimeSpan.FromSeconds(1);

    private readonly StageServerOptions _options;
    private readonly StageShelf _shelf;
    private readonly IStageObserver _observer;
    private readonly TimeProvider _time;
    private readonly Socket _listener;
    // Never disposed: handshakes that are under way still look at it, and it holds no timer.
    private readonly CancellationTokenSource _stopping = new();
    private int _disposed;

    private StageServer(StageServerOptions options, IStageModels models, IStageObserver observer, TimeProvider time, Socket listener)
    {
        (_options, _observer, _time, _listener) = (options, observer, time, listener);
        _shelf = new StageShelf(options, models, observer);
        Address = options.Listen with { Port = ((IPEndPoint)listener.LocalEndPoint!).Port };
        new Thread(Accept) { IsBackground = true, Name = $"stages {Address}" }.Start();
    }

    /// <summary>Where it listens.</summary>
    public LinkAddress Address { get; }

    /// <summary>The stages that are loaded.</summary>
    public IReadOnlyList<StageInUse> Stages => _shelf.Describe();

    /// <summary>Starts to listen.</summary>
    /// <exception cref="ArgumentException">An option is outside its interval.</exception>
    /// <exception cref="SocketException">The address cannot be listened on.</exception>
    public static StageServer Start(StageServerOptions options, IStageModels models, IStageObserver observer, TimeProvider time)
    {
        options.Link.Validate();
        options.Engine.Validate();
        var address = Dns.GetHostAddresses(options.Listen.Host)[0];
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(address, options.Listen.Port));
            listener.Listen(64);
            return new StageServer(options, models, observer, time, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Loads a stage before anybody dials, if it is not there.</summary>
    /// <exception cref="LinkRefusedException">It cannot be loaded; the message says why.</exception>
    public void Load(StageAssignment stage) => _shelf.Get(stage);

    /// <summary>Gives a pipeline's stages back, connected or not.</summary>
    /// <param name="pipeline">Whose.</param>
    /// <param name="keep">Those of these layers stay; null: none.</param>
    public void Unload(string pipeline, Models.LayerRange? keep = null) => _shelf.Unload(pipeline, keep);

    /// <summary>Gives back what no engine has used for so long.</summary>
    public void UnloadIdle(TimeSpan limit) => _shelf.UnloadIdle(limit);

    /// <summary>Idempotent.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _stopping.Cancel();
            _listener.Dispose();
            _shelf.Dispose();
        }
    }

    private void Accept()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = _listener.Accept();
                new Thread(() => Answer(socket)) { IsBackground = true, Name = "stage handshake" }.Start();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Either the server stops, or one connection broke while it was accepted.
            }
        }
    }

    private void Answer(Socket socket)
    {
        Link? link = null;
        try
        {
            link = LinkDialer.Accept(socket, _options.Link, _time);
            using var first = link.ReadOne(_options.Link.ConnectTimeout);
            Open(link, Check(first));
        }
        catch (LinkRefusedException error)
        {
            Refuse(link, socket, error.Message);
        }
        catch (LinkLostException error)
        {
            Refuse(link, socket, error.Message);
        }
        catch (Exception error)
        {
            // Whatever it is concerns this connection alone; its other side and our log have to learn of it.
            Refuse(link, socket, $"{error.GetType().Name}: {error.Message}");
        }
    }

    private StageHello Check(FrameBuffer first)
    {
        if (first.Header.Kind != FrameKind.Hello)
        {
            throw new LinkRefusedException($"the first frame is {first.Header.Kind}; expected Hello");
        }

        var hello = Read(first);
        Require(hello.Protocol == StageHello.CurrentProtocol, "protocol", hello.Protocol, StageHello.CurrentProtocol);
        Require(hello.Version == StageHello.ThisVersion, "version", hello.Version, StageHello.ThisVersion);
        Require(hello.ClusterId == _options.ClusterId, "cluster", hello.ClusterId, _options.ClusterId);
        return hello;
    }

    private static StageHello Read(FrameBuffer first)
    {
        try
        {
            return JsonSerializer.Deserialize(first.Payload, StageJson.Default.StageHello) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw new LinkRefusedException($"the hello cannot be read: {error.Message}");
        }
    }

    private static void Require<T>(bool holds, string what, T found, T expected)
    {
        if (!holds)
        {
            throw new LinkRefusedException($"{what} is '{found}'; expected '{expected}'");
        }
    }

    private void Open(Link link, StageHello hello)
    {
        var prepared = Task.Factory.StartNew(() => Prepare(link, hello), _stopping.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (!((IAsyncResult)prepared).AsyncWaitHandle.WaitOne(s_signOfLife))
        {
            link.Send(FrameKind.Wait, 0, new FrameWriter());
        }

        var (run, open) = prepared.GetAwaiter().GetResult();
        link.Send(FrameKind.Welcome, _options.Link.Window, new FrameWriter());
        link.Start(run, _options.Link.Window);
        open?.Invoke();
        _observer.Connected(hello.Stage, hello.Epoch, link.Peer);
    }

    /// <summary>Loads, and for steps connects to what is behind. The second part of the answer starts that link, once ours is.</summary>
    private (StageRun Run, Action? Open) Prepare(Link link, StageHello hello)
    {
        var stage = _shelf.Get(hello.Stage);
        var run = stage.RunOf(hello);
        if (hello.Role == StageRole.Results)
        {
            Require(stage.IsLast, "the stage", hello.Stage.Layers.ToString(), "the last one: only it has results");
            return (Take(run, run.SetOutgoing(link), hello), null);
        }

        var next = stage.IsLast ? null : Dial(run, hello);
        if (run.Outgoing is null)
        {
            throw new LinkRefusedException($"epoch {hello.Epoch} has no link for results yet");
        }

        return (Take(run, run.SetIncoming(link), hello), next);
    }

    private Action Dial(StageRun run, StageHello hello)
    {
        if (hello.Route.Count == 0)
        {
            throw new LinkRefusedException($"the route ends with {hello.Stage}, which is not the last stage");
        }

        var hop = hello.Route[0];
        var question = new FrameWriter();
        question.Write(JsonSerializer.SerializeToUtf8Bytes(
            hello with { Stage = hello.Stage with { Layers = hop.Layers }, Route = [.. hello.Route.Skip(1)] }, StageJson.Default.StageHello));
        try
        {
            var (next, credit) = LinkDialer.Dial(hop.Address, question, _options.Link, _time, _stopping.Token);
            if (!run.SetOutgoing(next))
            {
                next.Dispose();
                throw new LinkRefusedException($"epoch {hello.Epoch} is over");
            }

            return () => next.Start(run, credit);
        }
        catch (Exception error) when (error is LinkLostException or LinkRefusedException)
        {
            var reason = $"the stage of layers {hop.Layers} is not there: {error.Message}";
            run.End(reason);
            throw new LinkRefusedException(reason);
        }
    }

    private static StageRun Take(StageRun run, bool taken, StageHello hello) => taken ? run : throw new LinkRefusedException(
        $"epoch {hello.Epoch} has its link for {hello.Role} already, or is over");

    private void Refuse(Link? link, Socket socket, string reason)
    {
        if (!_stopping.IsCancellationRequested)
        {
            _observer.Refused(link?.Peer ?? "unknown", reason);
        }

        try
        {
            var why = new FrameWriter();
            why.Write(reason);
            link?.Send(FrameKind.Refused, 0, why);
        }
        catch (LinkLostException)
        {
            // It is gone by itself.
        }

        link?.Dispose();
        socket.Dispose();
    }
}
