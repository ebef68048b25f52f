using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// The layers of one GPU, in one stage or several that run in turn, and the residual stream that they work on. Where there are other GPUs it has two of them, which the steps use in
/// turn: one is copied to the next GPU, by a stream of its own, while the other is computed.
/// </summary>
internal sealed class DeviceStage : IDisposable
{
    /// <summary>Residual streams of a GPU that has neighbours.</summary>
    public const int Slots = 2;

    private readonly StageModel[] _models;
    private readonly Matrix[] _hidden;
    private readonly CudaStream? _copies;
    private readonly CudaEvent[] _computed = new CudaEvent[Slots];
    private readonly CudaEvent[] _sent = new CudaEvent[Slots];

    /// <summary>Takes over the models, whose layers follow each other.</summary>
    /// <param name="backend">Theirs.</param>
    /// <param name="models">One at least.</param>
    /// <param name="hasNeighbours">Other GPUs take part.</param>
    public DeviceStage(CudaBackend backend, StageModel[] models, bool hasNeighbours)
    {
        (Backend, _models) = (backend, models);
        _hidden = new Matrix[hasNeighbours ? Slots : 1];
        for (var slot = 0; slot < _hidden.Length; slot++)
        {
            _hidden[slot] = models[0].AllocateHidden(models[0].MaxRows);
        }

        _copies = hasNeighbours ? new CudaStream(backend.Context) : null;
        for (var slot = 0; slot < Slots; slot++)
        {
            _computed[slot] = new CudaEvent(backend.Context);
            _sent[slot] = new CudaEvent(backend.Context);
        }
    }

    public CudaBackend Backend { get; }

    public IReadOnlyList<StageModel> Models => _models;

    /// <summary>The one with the head, on the last GPU.</summary>
    public StageModel Last => _models[^1];

    public Matrix Hidden(int slot) => _hidden[slot];

    /// <summary>Queues this GPU's part of a step, after the GPU before has queued its own.</summary>
    /// <param name="batch">The step.</param>
    /// <param name="slot">Which of the residual streams it uses, on every GPU the same.</param>
    /// <param name="before">The GPU before; null: this is the first.</param>
    /// <param name="after">The next GPU; null: this is the last.</param>
    public void Step(StepBatch batch, int slot, DeviceStage? before, DeviceStage? after)
    {
        if (before is not null)
        {
            Backend.Stream.Wait(before._sent[slot]);
        }
        else if (after is not null)
        {
            // What is written over now has been copied away.
            Backend.Stream.Wait(_sent[slot]);
        }

        var hidden = _hidden[slot].Top(batch.RowCount);
        foreach (var model in _models)
        {
            model.Step(batch, hidden);
        }

        if (after is not null)
        {
            Send(after, slot, batch.RowCount);
        }
    }

    /// <summary>On the last GPU: the head is queued, and with it the last work on a residual stream.</summary>
    public void Close(int slot) => _computed[slot].Record(Backend.Stream);

    public void Dispose()
    {
        foreach (var hidden in _hidden)
        {
            hidden.Buffer.Dispose();
        }

        _copies?.Dispose();
        Array.ForEach(_computed, mark => mark.Dispose());
        Array.ForEach(_sent, mark => mark.Dispose());
        Array.ForEach(_models, model => model.Dispose());
    }

    /// <summary>Copies once the step is computed here and the next GPU is done with what it has in that place: a step of its own if it is the last, else the copy onwards.</summary>
    private void Send(DeviceStage after, int slot, int rows)
    {
        _computed[slot].Record(Backend.Stream);
        _copies!.Wait(_computed[slot]);
        _copies.Wait(after._computed[slot]);
        _copies.Wait(after._sent[slot]);
        CudaBackend.CopyToPeer(_copies, _hidden[slot].Buffer, after.Backend, after._hidden[slot].Buffer, (long)rows * _hidden[slot].Columns * sizeof(float));
        _sent[slot].Record(_copies);
    }
}
