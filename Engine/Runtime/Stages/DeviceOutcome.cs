using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The logits of one step under way: copied to pinned memory behind the step, so that the next step may overwrite them on the device.</summary>
internal sealed unsafe class DeviceOutcome(DeviceStage last) : IDisposable
{
    private readonly CudaEvent _done = new(last.Backend.Context);
    private PinnedMemory? _logits;
    private int _rows;

    public bool IsDone => _done.IsDone;

    private int Width => last.Model.Config.VocabularySize;

    /// <summary>Queues the head and the copies.</summary>
    public void Queue(StepBatch batch)
    {
        _rows = batch.LogitRowCount;
        Reserve();
        foreach (var block in last.Model.Logits(batch, last.Hidden.Top(batch.RowCount)))
        {
            last.Backend.CopyToHost(block.Logits, _logits!.Data + (long)block.First * Width * sizeof(float));
        }

        _done.Record(last.Backend.Stream);
    }

    /// <summary>Any thread.</summary>
    public void Wait()
    {
        try
        {
            _done.Synchronize();
        }
        catch (Backends.Cuda.Native.CudaException)
        {
            // The engine's thread gets it too, and can do something about it.
        }
    }

    /// <summary>Waits for the step and hands its logits out.</summary>
    public void Read(PendingStep step, IStepReader reader)
    {
        const int Together = 64;
        _done.Synchronize();
        for (var first = 0; first < _rows; first += Together)
        {
            var count = Math.Min(Together, _rows - first);
            reader.Read(step, first, count, new ReadOnlySpan<float>(_logits!.Data + (long)first * Width * sizeof(float), count * Width));
        }
    }

    public void Dispose()
    {
        _logits?.Dispose();
        _done.Dispose();
    }

    private void Reserve()
    {
        var bytes = (long)_rows * Width * sizeof(float);
        if (_logits is null || _logits.Bytes < bytes)
        {
            _logits?.Dispose();
            _logits = new PinnedMemory(last.Backend.Context, Math.Max(bytes, 8L * Width * sizeof(float)));
        }
    }
}
