using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// A stage between its two links, for as long as both last: steps come in from the one, steps or results go out on the other. When one is lost the other is
/// closed with the reason, so the whole pipeline learns of it at the speed of the network.
/// </summary>
internal sealed class StageRun(HostedStage stage, long epoch, DataType hiddenType) : ILinkReceiver
{
    private readonly Lock _lock = new();
    private Link? _incoming;
    private Link? _outgoing;
    private string? _ended;

    public long Epoch { get; } = epoch;

    public DataType HiddenType { get; } = hiddenType;

    public bool IsConnected => !IsEnded && _incoming is not null && _outgoing is not null;

    public bool IsEnded => Volatile.Read(ref _ended) is not null;

    /// <summary>To the next stage, or to the engine; null before it is there.</summary>
    public Link? Outgoing => _outgoing;

    public string? Incoming => _incoming?.Peer;

    /// <summary>Over both links, headers included.</summary>
    public long BytesSent => (_incoming?.BytesSent ?? 0) + (_outgoing?.BytesSent ?? 0);

    /// <summary>Over both links, headers included.</summary>
    public long BytesReceived => (_incoming?.BytesReceived ?? 0) + (_outgoing?.BytesReceived ?? 0);

    /// <returns>False when the run is over.</returns>
    public bool SetIncoming(Link link) => Set(ref _incoming, link);

    /// <returns>False when the run is over.</returns>
    public bool SetOutgoing(Link link) => Set(ref _outgoing, link);

    public void Received(Link link, FrameBuffer frame) => stage.Enqueue(new StageWork(this, frame));

    /// <summary>Sends to the next stage, or the engine. When that is gone the run ends.</summary>
    public void Send(FrameKind kind, long step, FrameWriter frame)
    {
        try
        {
            _outgoing?.Send(kind, step, frame);
        }
        catch (LinkLostException error)
        {
            End(error.Message);
        }
    }

    public void Lost(Link link, string reason) => End($"{stage.Assignment}: {link.Peer}: {reason}");

    public void End(string reason)
    {
        lock (_lock)
        {
            if (_ended is not null)
            {
                return;
            }

            _ended = reason;
        }

        _incoming?.Close(reason);
        _outgoing?.Close(reason);
        _incoming?.Dispose();
        _outgoing?.Dispose();
        stage.Ended(this, reason);
    }

    private bool Set(ref Link? place, Link link)
    {
        lock (_lock)
        {
            if (_ended is not null || place is not null)
            {
                return false;
            }

            place = link;
            return true;
        }
    }
}
