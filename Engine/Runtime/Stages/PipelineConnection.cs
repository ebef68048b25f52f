using System.Text.Json;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The engine's two links for one epoch: steps to the second stage, results from the last. When either is lost the connection is.</summary>
internal sealed class PipelineConnection : ILinkReceiver, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<FrameBuffer> _results = new();
    private readonly Action<PipelineConnection, string> _lost;
    private readonly Action _arrived;
    private readonly UnitExchange _units = new();
    private Link? _forward;
    private Link? _back;
    private string? _reason;

    private PipelineConnection(IReadOnlyList<LayerRange> layers, Action arrived, Action<PipelineConnection, string> lost)
    {
        (Layers, _arrived, _lost) = (layers, arrived, lost);
    }

    /// <summary>Of all stages; the first is the engine's own.</summary>
    public IReadOnlyList<LayerRange> Layers { get; }

    /// <summary>Why it is lost; null while it is not.</summary>
    public string? LostReason => Volatile.Read(ref _reason);

    /// <summary>Connects all stages.</summary>
    /// <param name="stages">Cluster and link.</param>
    /// <param name="first">The engine's own stage: the others differ in their layers.</param>
    /// <param name="hops">The others, in order.</param>
    /// <param name="epoch">More than any before.</param>
    /// <param name="time">Clock of the links.</param>
    /// <param name="arrived">Called when a result has arrived, from any thread.</param>
    /// <param name="lost">Called once when the connection is lost, from any thread.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="LinkRefusedException">A stage does not want to.</exception>
    /// <exception cref="LinkLostException">A stage is not there.</exception>
    public static PipelineConnection Open(
        RemoteStages stages, StageAssignment first, IReadOnlyList<StageHop> hops, long epoch, TimeProvider time, Action arrived, Action<PipelineConnection, string> lost,
        CancellationToken cancellation)
    {
        var connection = new PipelineConnection([new LayerRange(0, hops[0].Layers.Start), .. hops.Select(hop => hop.Layers)], arrived, lost);
        try
        {
            StageHello Hello(StageRole role, StageHop hop, IReadOnlyList<StageHop> route) => new()
            {
                ClusterId = stages.ClusterId,
                Role = role,
                Epoch = epoch,
                Stage = first with { Layers = hop.Layers },
                HiddenType = stages.HiddenType,
                Route = route,
            };
            var (back, backCredit) = Dial(Hello(StageRole.Results, hops[^1], []), hops[^1], stages, time, cancellation);
            connection._back = back;
            var (forward, forwardCredit) = Dial(Hello(StageRole.Steps, hops[0], [.. hops.Skip(1)]), hops[0], stages, time, cancellation);
            connection._forward = forward;
            back.Start(connection, backCredit);
            forward.Start(connection, forwardCredit);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <exception cref="LinkLostException">The connection is lost.</exception>
    public void Send(long step, FrameWriter frame) => _forward!.Send(FrameKind.Step, step, frame);

    /// <summary>Sends; what a lost connection means is learned otherwise.</summary>
    public void TrySend(FrameKind kind, long number, FrameWriter frame)
    {
        try
        {
            _forward!.Send(kind, number, frame);
        }
        catch (LinkLostException error)
        {
            _units.End(error.Message);
        }
    }

    /// <summary>The number under which a unit of the state is to be sent round, and when it is back. The memory is written to until the task ends.</summary>
    /// <exception cref="EngineException">Unavailable: the connection is lost.</exception>
    public (long Number, Task Done) BeginUnit(Memory<byte> destination) => _units.Begin(destination);

    /// <summary>Sends a unit of the state round all stages, behind the steps sent so far. The memory is written to until the task ends.</summary>
    /// <exception cref="EngineException">Unavailable, here or by the task: the connection is lost.</exception>
    public Task Ask(FrameKind kind, FrameWriter frame, Memory<byte> destination)
    {
        var (number, done) = _units.Begin(destination);
        try
        {
            _forward!.Send(kind, number, frame);
        }
        catch (LinkLostException error)
        {
            _units.End(error.Message);
        }

        return done;
    }

    /// <summary>The oldest result that has arrived; null when there is none. The caller gives it back.</summary>
    public FrameBuffer? TakeResult()
    {
        lock (_lock)
        {
            return _results.TryDequeue(out var frame) ? frame : null;
        }
    }

    public void Received(Link link, FrameBuffer frame)
    {
        if (frame.Header.Step < 0)
        {
            _units.Answered(frame);
            frame.Dispose();
            return;
        }

        lock (_lock)
        {
            _results.Enqueue(frame);
        }

        _arrived();
    }

    public void Lost(Link link, string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, $"{link.Peer}: {reason}", null) is null)
        {
            CloseLinks(reason);
            _lost(this, _reason);
        }
    }

    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        CloseLinks(reason);
    }

    public void Dispose()
    {
        Close("the engine gave it up");
        _forward?.Dispose();
        _back?.Dispose();
    }

    private static (Link Link, int Credit) Dial(StageHello hello, StageHop hop, RemoteStages stages, TimeProvider time, CancellationToken cancellation)
    {
        var question = new FrameWriter();
        question.Write(JsonSerializer.SerializeToUtf8Bytes(hello, StageJson.Default.StageHello));
        return LinkDialer.Dial(hop.Address, question, stages.Link, time, cancellation);
    }

    private void CloseLinks(string reason)
    {
        _units.End(reason);
        _forward?.Close(reason);
        _back?.Close(reason);
    }
}
