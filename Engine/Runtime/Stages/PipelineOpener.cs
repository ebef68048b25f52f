using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Keeps a pipeline connected, on a thread of its own: asks where the stages are, connects them, and begins again when a stage is lost, at growing intervals,
/// until the engine stops.
/// </summary>
internal sealed class PipelineOpener : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    private readonly RemoteStages _stages;
    private readonly StageAssignment _first;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly AutoResetEvent _signal = new(initialState: false);
    private readonly Lock _lock = new();
    private Thread? _thread;
    private Action _changed = () => { };
    private PipelineConnection? _connection;
    private string? _lost;
    private long _lostAt;
    private long _epoch;
    private bool _unseenLoss;
    private TimeSpan _pause;

    public PipelineOpener(RemoteStages stages, StageAssignment first, TimeProvider time)
    {
        (_stages, _first, _time) = (stages, first, time);
        // An engine that starts again on the same name must count on from where the one before was.
        _epoch = time.GetUtcNow().UtcTicks;
    }

    /// <summary>The connection that steps may be sent on; null while there is none, or while a loss has not been seen to.</summary>
    public PipelineConnection? Current
    {
        get
        {
            lock (_lock)
            {
                return _unseenLoss ? null : _connection;
            }
        }
    }

    /// <summary>Why turns need not wait any longer; null while they are to.</summary>
    public EngineException? Unavailable
    {
        get
        {
            lock (_lock)
            {
                var hopeless = _connection is null && _lost is not null && _time.GetElapsedTime(_lostAt) > _stages.LossTimeout;
                return hopeless ? new EngineException(EngineError.Unavailable, $"a stage of {_stages.Pipeline} is lost and not back: {_lost}") { RetryAfter = s_longestPause } : null;
            }
        }
    }

    /// <summary>Why there is no connection.</summary>
    public string Reason
    {
        get
        {
            lock (_lock)
            {
                return _lost ?? "it was not opened";
            }
        }
    }

    /// <summary>Connects for the first time.</summary>
    /// <exception cref="LinkRefusedException">A stage does not want to.</exception>
    /// <exception cref="LinkLostException">A stage is not there.</exception>
    public void Open()
    {
        Connect(null);
        _thread = new Thread(Keep) { IsBackground = true, Name = $"pipeline {_stages.Pipeline}" };
        _thread.Start();
    }

    /// <param name="changed">Called from any thread when a result arrived, or the connection was lost or made.</param>
    public void Attach(Action changed) => Volatile.Write(ref _changed, changed);

    /// <returns>True once after each loss; from then on there may be a new connection.</returns>
    public bool TakeLoss()
    {
        lock (_lock)
        {
            var seen = _unseenLoss;
            _unseenLoss = false;
            return seen;
        }
    }

    /// <summary>What came over the connection makes no sense, or its stages are no use: it is made anew.</summary>
    /// <param name="connection">The one that is given up; another one stays.</param>
    /// <param name="reason">Why.</param>
    /// <param name="pause">How long to wait before.</param>
    public void GiveUp(PipelineConnection connection, string reason, TimeSpan pause = default)
    {
        lock (_lock)
        {
            _pause = pause;
        }

        connection.Close(reason);
        Lost(connection, reason);
    }

    public void Reroute()
    {
        if (Current is { } connection)
        {
            GiveUp(connection, "the route has changed");
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _signal.Set();
        _thread?.Join();
        _connection?.Dispose();
        _signal.Dispose();
        _stopping.Dispose();
    }

    private void Keep()
    {
        while (true)
        {
            _signal.WaitOne();
            _stopping.Token.WaitHandle.WaitOne(TakePause());
            var pause = s_firstPause;
            while (!_stopping.IsCancellationRequested && !TryConnect())
            {
                Volatile.Read(ref _changed)();
                _stopping.Token.WaitHandle.WaitOne(pause);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }

            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            Volatile.Read(ref _changed)();
        }
    }

    private TimeSpan TakePause()
    {
        lock (_lock)
        {
            var pause = _pause;
            _pause = default;
            return pause;
        }
    }

    private bool TryConnect()
    {
        lock (_lock)
        {
            if (_connection is not null)
            {
                return true;
            }
        }

        try
        {
            Connect(Reason);
            return true;
        }
        catch (Exception error)
        {
            // A route that cannot be found or a stage that is not ready: the next attempt may do better, and turns learn the reason when it lasts.
            lock (_lock)
            {
                _lost = error.Message;
            }

            return false;
        }
    }

    private void Connect(string? lost)
    {
        var hops = _stages.Route.FindAsync(lost, _stopping.Token).GetAwaiter().GetResult();
        RequireHops(hops);
        var connection = PipelineConnection.Open(_stages, _first, hops, ++_epoch, _time, () => Volatile.Read(ref _changed)(), Lost, _stopping.Token);
        lock (_lock)
        {
            _connection = connection;
        }

        if (connection.LostReason is { } reason)
        {
            Lost(connection, reason);
        }
    }

    /// <summary>The route may cut the model anew, as long as all layers behind the engine's own are somewhere.</summary>
    private void RequireHops(IReadOnlyList<StageHop> hops)
    {
        var (start, end) = (hops.Count == 0 ? 0 : hops[0].Layers.Start, _stages.Layers[^1].End);
        var at = start;
        foreach (var hop in hops)
        {
            at = hop.Layers.Start == at && hop.Layers.Count > 0 ? hop.Layers.End : -1;
        }

        if (start < 1 || at != end)
        {
            throw new LinkLostException($"the route of {_stages.Pipeline} has the stages {string.Join(", ", hops.Select(hop => hop.Layers))}; expected ranges one after the other that end at {end} and leave the first layers here");
        }
    }

    private void Lost(PipelineConnection connection, string reason)
    {
        lock (_lock)
        {
            if (_connection != connection)
            {
                return;
            }

            (_connection, _lost, _lostAt, _unseenLoss) = (null, reason, _time.GetTimestamp(), true);
        }

        connection.Dispose();
        _signal.Set();
        Volatile.Read(ref _changed)();
    }
}
