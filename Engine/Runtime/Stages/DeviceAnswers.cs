using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// What a step's rows of logits come to on the device of the last stage: the tokens that it chooses and, for the rows that it does not choose for, their logits, in pinned memory that is this
/// step's own, so that the next step may overwrite them on the device.
/// </summary>
internal sealed unsafe class DeviceAnswers(CudaBackend backend, StageModel model, DeviceSampler? sampler) : IDisposable
{
    private PinnedMemory? _logits;

    public SampleExchange Exchange { get; } = new(backend.Context);

    /// <summary>Null: the device does not choose from so large a vocabulary.</summary>
    public DeviceSampler? Sampler => sampler;

    /// <summary>Rows whose logits come to the host.</summary>
    public int LeftOut { get; private set; }

    private int Width => model.Config.VocabularySize;

    /// <summary>Makes room for a step. Then <see cref="Exchange"/> is told what is wanted of each row, or the row is left out.</summary>
    public void Begin(int rows, int biases)
    {
        LeftOut = 0;
        Exchange.Begin(rows, biases);
    }

    public void LeaveOut(int row)
    {
        Exchange.Skip(row);
        LeftOut++;
    }

    public bool IsLeftOut(int row) => Exchange.Row(row).Given == SampleRow.Nothing;

    /// <summary>Queues the head, the choices and the copies.</summary>
    /// <param name="batch">The step, whose layers are queued.</param>
    /// <param name="hidden">[T, C]: what they leave.</param>
    /// <param name="step">Its number.</param>
    public void Queue(StepBatch batch, Matrix hidden, long step)
    {
        Reserve();
        var copied = 0;
        foreach (var block in model.Logits(batch, hidden))
        {
            if (sampler is not null)
            {
                backend.Choose(block.Logits, step, block.First, Exchange);
            }

            copied = QueueCopies(block, copied);
        }
    }

    /// <summary>Once the step is done: what was chosen for a row.</summary>
    public SampledToken Token(int row, out EngineException? error) => Exchange.Result(row).Token(Exchange.Row(row), out error);

    /// <summary>Once the step is done: the logits of the row that was left out as number <paramref name="index"/>, [V].</summary>
    public ReadOnlySpan<float> Logits(int index) => new(Copy(index), Width);

    public void Dispose()
    {
        _logits?.Dispose();
        Exchange.Dispose();
    }

    private byte* Copy(int index) => _logits!.Data + (long)index * Width * sizeof(float);

    private int QueueCopies(LogitBlock block, int copied)
    {
        for (var row = 0; LeftOut > 0 && row < block.Count; row++)
        {
            if (IsLeftOut(block.First + row))
            {
                backend.CopyRowToHost(block.Logits, row, Copy(copied++));
            }
        }

        return copied;
    }

    private void Reserve()
    {
        var bytes = (long)LeftOut * Width * sizeof(float);
        if (bytes > (_logits?.Bytes ?? 0))
        {
            _logits?.Dispose();
            _logits = null;
            _logits = new PinnedMemory(backend.Context, Math.Max(bytes, 8L * Width * sizeof(float)));
        }
    }
}
