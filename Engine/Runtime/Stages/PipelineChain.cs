using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// The first stage here, on the engine's thread, the others in other processes. As many steps are under way as there are stages, and one more, so that no stage
/// waits for the way back.
/// </summary>
internal sealed partial class PipelineChain : IStageChain
{
    private readonly IBackend _backend;
    private readonly StageModel[] _local;
    private readonly PipelineOpener _opener;
    private readonly HiddenWire _wire;
    private readonly FrameWriter _frame = new();
    private readonly Matrix _hidden;

    /// <summary>Takes over the backend and its stages, which hold the layers before the first remote one, and the opener, which is open.</summary>
    public PipelineChain(IBackend backend, StageModel[] local, RemoteStages remote, PipelineOpener opener)
    {
        (_backend, _local, _opener) = (backend, local, opener);
        _wire = new HiddenWire(backend, remote.HiddenType);
        _hidden = local[0].AllocateHidden(local[0].MaxRows);
        Parallel = remote.Layers.Count;
    }

    public int MaxRows => _local[0].MaxRows;

    public int Parallel { get; }

    public int Depth => Parallel + 1;

    public bool IsReady => _opener.Current is not null;

    public EngineException? Unavailable => _opener.Unavailable;

    public void Attach(Action wake) => _opener.Attach(wake);

    public bool TakeLoss() => _opener.TakeLoss();

    public void Reroute() => _opener.Reroute();

    public void Begin(PendingStep step)
    {
        var connection = Connection();
        var hidden = _hidden.Top(step.Batch.RowCount);
        foreach (var stage in _local)
        {
            stage.Step(step.Batch, hidden);
        }

        StepWire.Write(step, _frame.Clear());
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
        _hidden.Buffer.Dispose();
        foreach (var stage in _local)
        {
            stage.Dispose();
        }

        _backend.Dispose();
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

        ResultWire.Read(frame.Payload, step, _local[0].Config.VocabularySize, reader);
    }

    private PipelineConnection Connection() => _opener.Current ?? throw new StageLostException(_opener.Reason);
}
