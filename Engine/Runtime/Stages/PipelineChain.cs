using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// The first stage here, on the engine's thread, the others in other processes. As many steps are under way as there are stages, and one more, so that no stage
/// waits for the way back.
/// </summary>
internal sealed partial class PipelineChain : IStageChain
{
    private static readonly TimeSpan s_retryPause = TimeSpan.FromSeconds(1);

    private readonly IBackend _backend;
    private readonly Func<LayerRange, StageModel[]> _load;
    private readonly PipelineOpener _opener;
    private readonly HiddenWire _wire;
    private readonly FrameWriter _frame = new();
    private readonly DeviceSender? _sender;
    private readonly Matrix _hidden;
    private readonly ModelConfig _config;
    private readonly DataType _hiddenType;
    private StageModel[] _local;
    private CountBook _counts;
    private PipelineConnection? _countsOf;
    private IReadOnlyList<LayerRange> _layers;
    private Action _wake = () => { };
    private volatile bool _isLeaving;

    /// <summary>Takes over the backend and its stages, which hold the layers before the first remote one, and the opener, which is open.</summary>
    /// <param name="backend">Of the stages here.</param>
    /// <param name="local">The stages here.</param>
    /// <param name="load">Loads them with other layers, when the model is cut anew.</param>
    /// <param name="remote">The stages elsewhere.</param>
    /// <param name="opener">Connected with them.</param>
    public PipelineChain(IBackend backend, StageModel[] local, Func<LayerRange, StageModel[]> load, RemoteStages remote, PipelineOpener opener)
    {
        (_backend, _local, _load, _opener) = (backend, local, load, opener);
        (_config, _layers, MaxRows, UnitBytes) = (local[0].Config, remote.Layers, local[0].MaxRows, local[0].State.Spec.UnitBytes * local[0].Config.LayerCount);
        _wire = new HiddenWire(backend, remote.HiddenType);
        _hidden = local[0].AllocateHidden(local[0].MaxRows);
        _sender = backend is CudaBackend device ? new DeviceSender(device, $"sends of {remote.Pipeline}", _ => { }) : null;
        _hiddenType = remote.HiddenType;
        _counts = new CountBook(_config.VocabularySize);
    }

    public int MaxRows { get; }

    public int Parallel => Volatile.Read(ref _layers).Count;

    public int Depth => Parallel + 1;

    public bool IsReady => _opener.Current is { } connection && TryFollow(connection);

    public IReadOnlyList<LayerRange> Layers => Volatile.Read(ref _layers);

    public EngineException? Unavailable => _opener.Unavailable;

    public bool IsLeaving => _isLeaving;

    public void Attach(Action wake)
    {
        Volatile.Write(ref _wake, wake);
        _opener.Attach(wake);
    }

    public bool TakeLoss() => _opener.TakeLoss();

    public void Reroute()
    {
        _isLeaving = true;
        Volatile.Read(ref _wake)();
    }

    public void Leave()
    {
        _isLeaving = false;
        _opener.Reroute();
    }

    public void Begin(PendingStep step)
    {
        var connection = Connection();
        var hidden = _hidden.Top(step.Batch.RowCount);
        foreach (var stage in _local)
        {
            stage.Step(step.Batch, hidden);
        }

        if (_sender is not null)
        {
            Queue(_sender, connection, step, hidden);
            return;
        }

        StepWire.Write(step, Counts(connection), _frame.Clear());
        _wire.Write(hidden, _frame);
        try
        {
            connection.Send(step.Number, _frame);
        }
        catch (LinkLostException error)
        {
            throw new StageLostException(error.Message, error);
        }
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        var connection = Connection();
        while (connection.TakeResult() is { } frame)
        {
            using (frame)
            {
                // What is left over from steps that the engine gave up on is passed over.
                if (frame.Header.Step >= step.Number)
                {
                    Read(connection, frame, step, reader);
                    return true;
                }
            }
        }

        return false;
    }

    public void Dispose()
    {
        _opener.Dispose();
        _sender?.Dispose();
        _hidden.Buffer.Dispose();
        Unload();
        _backend.Dispose();
    }

    /// <summary>On a GPU the step leaves when it is computed; this thread goes on meanwhile.</summary>
    private void Queue(DeviceSender sender, PipelineConnection connection, PendingStep step, Matrix hidden)
    {
        var place = sender.Take();
        try
        {
            StepWire.Write(step, Counts(connection), place.Frame);
            place.Leave(hidden, _hiddenType);
            place.Mark();
        }
        catch
        {
            sender.GiveBack(place);
            throw;
        }

        sender.Queue(place, FrameKind.Step, step.Number, connection.TrySend);
    }

    /// <summary>The last stage of another connection may be another one, whose table of counts is empty.</summary>
    private CountBook Counts(PipelineConnection connection)
    {
        if (connection != _countsOf)
        {
            (_countsOf, _counts) = (connection, new CountBook(_config.VocabularySize));
        }

        return _counts;
    }

    private void Read(PipelineConnection connection, FrameBuffer frame, PendingStep step, IStepReader reader)
    {
        if (frame.Header.Kind == FrameKind.StepFailed)
        {
            throw new InvalidOperationException(frame.Text);
        }

        if (frame.Header.Kind != FrameKind.Result || frame.Header.Step != step.Number)
        {
            var reason = $"{frame.Header.Kind} of step {frame.Header.Step} came; expected the result of step {step.Number}";
            _opener.GiveUp(connection, reason);
            throw new StageLostException(reason);
        }

        ResultWire.Read(frame.Payload, step, _config.VocabularySize, reader);
    }

    /// <summary>Where the model was cut anew, loads the layers that are to be here now. What state was here is elsewhere or lost: there is none to keep.</summary>
    private bool TryFollow(PipelineConnection connection)
    {
        if (ReferenceEquals(connection.Layers, _layers))
        {
            return true;
        }

        if (connection.Layers[0] != _layers[0])
        {
            Unload();
        }

        Volatile.Write(ref _layers, connection.Layers);
        return _local.Length > 0 || TryLoad(connection);
    }

    /// <summary>The old layers are gone by now: there need not be room for both.</summary>
    private bool TryLoad(PipelineConnection connection)
    {
        try
        {
            _local = _load(connection.Layers[0]);
            return true;
        }
        catch (Exception error) when (error is CheckpointException or OutOfMemoryException or ArgumentException)
        {
            _opener.GiveUp(connection, $"layers {connection.Layers[0]} cannot be loaded here: {error.Message}", s_retryPause);
            return false;
        }
    }

    private void Unload()
    {
        foreach (var stage in _local)
        {
            stage.Dispose();
        }

        _local = [];
    }

    private PipelineConnection Connection() => _opener.Current ?? throw new StageLostException(_opener.Reason);
}
