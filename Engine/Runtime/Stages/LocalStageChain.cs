using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Stages on one backend in this process; they share the memory of the residual stream, so that nothing is copied between them.</summary>
internal sealed partial class LocalStageChain : IStageChain
{
    private readonly IBackend _backend;
    private readonly StageModel[] _stages;
    private readonly Matrix _hidden;

    /// <summary>Takes over the backend and the stages.</summary>
    public LocalStageChain(IBackend backend, StageModel[] stages)
    {
        _backend = backend;
        _stages = stages;
        _hidden = stages[0].AllocateHidden(stages[0].MaxRows);
    }

    public int MaxRows => _stages[0].MaxRows;

    public void Begin(PendingStep step)
    {
        var hidden = _hidden.Top(step.Batch.RowCount);
        foreach (var stage in _stages)
        {
            stage.Step(step.Batch, hidden);
        }
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        foreach (var block in _stages[^1].Logits(step.Batch, _hidden.Top(step.Batch.RowCount)))
        {
            reader.Read(step, block.First, block.Count, _backend.ReadLogits(block.Logits));
        }

        return true;
    }

    public void Dispose()
    {
        _hidden.Buffer.Dispose();
        foreach (var stage in _stages)
        {
            stage.Dispose();
        }

        _backend.Dispose();
    }
}
