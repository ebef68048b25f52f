using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// What comes of one step under way: the tokens that the device chooses and, for the rows that it does not choose for, their logits, in pinned memory that is this step's
/// own, so that the next step may overwrite them on the device.
/// </summary>
internal sealed unsafe class DeviceOutcome(DeviceStage last, DeviceSampler? sampler) : IDisposable
{
    private readonly StageModel _model = last.Last;
    private readonly CudaEvent _done = new(last.Backend.Context);
    private readonly DeviceChoices _choices = new(sampler, new SampleExchange(last.Backend.Context));
    private PinnedMemory? _logits;

    public bool IsDone => _done.IsDone;

    /// <summary>Behind the choices of the step that was queued last.</summary>
    public CudaEvent Done => _done;

    /// <summary>Of the step that was queued last.</summary>
    public long Step { get; private set; }

    /// <summary>Every token of the step is chosen on the device.</summary>
    public bool IsWhole => _choices.LeftOut == 0;

    private int Width => _model.Config.VocabularySize;

    /// <summary>Queues the head, the choices and the copies.</summary>
    /// <param name="step">The step.</param>
    /// <param name="hidden">[T, C]: what its layers leave.</param>
    public void Queue(PendingStep step, Matrix hidden)
    {
        Step = step.Number;
        _choices.Begin(step);
        Reserve();
        var copied = 0;
        foreach (var block in _model.Logits(step.Batch, hidden))
        {
            if (sampler is not null)
            {
                last.Backend.Choose(block.Logits, step.Number, block.First, _choices.Exchange);
            }

            copied = QueueCopies(block, copied);
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

    /// <summary>Waits for the step and hands out what came of it.</summary>
    public void Read(PendingStep step, IStepReader reader)
    {
        _done.Synchronize();
        var copied = 0;
        for (var row = 0; row < step.Rows.Count; row++)
        {
            if (_choices.IsLeftOut(row))
            {
                reader.Read(step, row, 1, new ReadOnlySpan<float>(Copy(copied++), Width));
            }
            else
            {
                _choices.Tell(step, row, reader);
            }
        }
    }

    public void Dispose()
    {
        _logits?.Dispose();
        _choices.Dispose();
        _done.Dispose();
    }

    private byte* Copy(int index) => _logits!.Data + (long)index * Width * sizeof(float);

    private int QueueCopies(LogitBlock block, int copied)
    {
        for (var row = 0; _choices.LeftOut > 0 && row < block.Count; row++)
        {
            if (_choices.IsLeftOut(block.First + row))
            {
                last.Backend.CopyRowToHost(block.Logits, row, Copy(copied++));
            }
        }

        return copied;
    }

    private void Reserve()
    {
        var bytes = (long)_choices.LeftOut * Width * sizeof(float);
        if (bytes > (_logits?.Bytes ?? 0))
        {
            _logits?.Dispose();
            _logits = null;
            _logits = new PinnedMemory(last.Backend.Context, Math.Max(bytes, 8L * Width * sizeof(float)));
        }
    }
}
