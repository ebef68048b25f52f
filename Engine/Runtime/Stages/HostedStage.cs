using System.Diagnostics;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// A stage that is loaded for engines elsewhere: its layers, its slice of every sequence's state, and one thread that works off what comes. It outlives
/// connections: when another stage of the pipeline is lost this one keeps its weights and memory and is connected anew.
/// </summary>
internal sealed class HostedStage : IDisposable
{
    private readonly object _lock = new();
    private readonly Queue<StageWork> _work = new();
    private readonly Checkpoint _checkpoint;
    private readonly IBackend _backend;
    private readonly StageModel _model;
    private readonly IStageStepper _stepper;
    private readonly IStageObserver _observer;
    private readonly Thread _thread;
    private StageRun? _run;
    private bool _stopped;
    private long _steps;
    private StageRun? _counted;
    private long _sent;
    private long _received;

    /// <summary>Loads the assigned layers. Takes over the checkpoint.</summary>
    /// <exception cref="CheckpointException">A weight is missing, of another shape or not finite.</exception>
    /// <exception cref="OutOfMemoryException">State or workspace do not fit.</exception>
    public HostedStage(StageAssignment assignment, Checkpoint checkpoint, EngineOptions engine, IStageObserver observer)
    {
        (Assignment, _checkpoint, _observer) = (assignment, checkpoint, observer);
        _backend = InferenceEngine.NewBackend(engine);
        try
        {
            _model = StageModel.Load(checkpoint.Config, checkpoint.Weights, assignment.Layers, _backend, new StageOptions
            {
                StateUnits = assignment.StateUnits,
                PageTokens = assignment.PageTokens,
                StateType = assignment.StateType,
                StateChunkTokens = assignment.StateChunkTokens,
                MaxRows = assignment.MaxRows,
            });
            _stepper = _backend is CudaBackend device ? new DeviceStageStepper(_model, device) : new StageStepper(_model, _backend);
        }
        catch
        {
            _model?.Dispose();
            _backend.Dispose();
            throw;
        }

        _thread = new Thread(Work) { IsBackground = true, Name = $"stage {assignment.Layers} {assignment.Model}" };
        _thread.Start();
    }

    public StageAssignment Assignment { get; }

    public bool IsFirst => _model.IsFirst;

    public bool IsLast => _model.IsLast;

    /// <summary>When the last run ended, in <see cref="Stopwatch"/> ticks; null while there is one.</summary>
    public long? IdleSince { get; private set; } = Stopwatch.GetTimestamp();

    public StageInUse Describe()
    {
        lock (_lock)
        {
            var open = _run == _counted ? null : _run;
            return new StageInUse(
                Assignment, _run?.Epoch ?? 0, _run?.IsConnected ?? false, Volatile.Read(ref _steps), Stopwatch.GetElapsedTime(0, _stepper.BusyTicks),
                _model.State.SizeInBytes + _model.WorkspaceBytes, _sent + (open?.BytesSent ?? 0), _received + (open?.BytesReceived ?? 0));
        }
    }

    /// <summary>The run of an epoch: a new one takes the place of the one before.</summary>
    /// <exception cref="LinkRefusedException">A later epoch has been here already.</exception>
    public StageRun RunOf(StageHello hello)
    {
        StageRun? replaced;
        StageRun run;
        lock (_lock)
        {
            if (_run is { } current && hello.Epoch <= current.Epoch)
            {
                return hello.Epoch == current.Epoch && !current.IsEnded ? current : throw new LinkRefusedException(
                    $"epoch {hello.Epoch} of {Assignment.Pipeline} is over: this stage has seen epoch {current.Epoch}");
            }

            (replaced, run) = (_run, new StageRun(this, hello.Epoch, hello.HiddenType));
            _run = run;
            IdleSince = null;
        }

        replaced?.End($"epoch {hello.Epoch} takes the place of {replaced.Epoch}");
        return run;
    }

    public void Enqueue(StageWork work)
    {
        lock (_lock)
        {
            _work.Enqueue(work);
            Monitor.Pulse(_lock);
        }
    }

    public void Ended(StageRun run, string reason)
    {
        lock (_lock)
        {
            IdleSince = _run == run ? Stopwatch.GetTimestamp() : IdleSince;
            _counted = run;
            (_sent, _received) = (_sent + run.BytesSent, _received + run.BytesReceived);
        }

        _observer.Lost(Assignment, run.Epoch, reason);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.Pulse(_lock);
        }

        Volatile.Read(ref _run)?.End("the stage is unloaded");
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _stepper.Dispose();
        _model.Dispose();
        _backend.Dispose();
        _checkpoint.Dispose();
    }

    private void Work()
    {
        while (Next() is { } work)
        {
            using (work.Frame)
            {
                if (!work.Run.IsEnded)
                {
                    Run(work);
                }
            }
        }
    }

    private void Run(in StageWork work)
    {
        _stepper.Run(work.Run, work.Frame);
        Volatile.Write(ref _steps, _steps + (work.Frame.Header.Kind == FrameKind.Step ? 1 : 0));
    }

    private StageWork? Next()
    {
        lock (_lock)
        {
            while (_work.Count == 0 && !_stopped)
            {
                Monitor.Wait(_lock);
            }

            return _stopped ? null : _work.Dequeue();
        }
    }
}
