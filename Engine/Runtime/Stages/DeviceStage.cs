using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A stage on a GPU: its layers, the residual stream that it works on, and when that is free for the next step.</summary>
internal sealed class DeviceStage : IDisposable
{
    private readonly CudaEvent _arrived;
    private readonly CudaEvent _left;

    public DeviceStage(CudaBackend backend, StageModel model)
    {
        (Backend, Model) = (backend, model);
        Hidden = model.AllocateHidden(model.MaxRows);
        _arrived = new CudaEvent(backend.Context);
        _left = new CudaEvent(backend.Context);
        _left.Record(backend.Stream);
    }

    public CudaBackend Backend { get; }

    public StageModel Model { get; }

    public Matrix Hidden { get; }

    /// <summary>Queues this stage's part of a step, after the stage before has queued its own.</summary>
    public void Step(StepBatch batch, DeviceStage? before)
    {
        if (before is not null)
        {
            Receive(before, batch.RowCount);
        }

        Model.Step(batch, Hidden.Top(batch.RowCount));
    }

    public void Dispose()
    {
        Hidden.Buffer.Dispose();
        _arrived.Dispose();
        _left.Dispose();
        Model.Dispose();
    }

    /// <summary>Copies the residual stream from the device before, in its stream: it is overwritten there only by later work of that stream.</summary>
    private void Receive(DeviceStage before, int rows)
    {
        var bytes = (long)rows * Hidden.Columns * sizeof(float);
        // What this stage still computes of the last step reads the memory that is written now.
        _left.Record(Backend.Stream);
        before.Backend.Stream.Wait(_left);
        before.Backend.CopyToPeer(before.Hidden.Buffer, Backend, Hidden.Buffer, bytes);
        before._arrived.Record(before.Backend.Stream);
        Backend.Stream.Wait(before._arrived);
    }
}
