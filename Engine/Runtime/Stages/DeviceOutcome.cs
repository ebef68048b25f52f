using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What comes of one step under way.</summary>
internal sealed class DeviceOutcome : IDisposable
{
    private readonly DeviceStage _last;
    private readonly CudaEvent _done;
    private readonly DeviceAnswers _answers;
    private readonly DeviceChoices _choices;

    public DeviceOutcome(DeviceStage last, DeviceSampler? sampler)
    {
        _last = last;
        _done = new CudaEvent(last.Backend.Context);
        _answers = new DeviceAnswers(last.Backend, last.Last, sampler);
        _choices = new DeviceChoices(_answers);
    }

    public bool IsDone => _done.IsDone;

    /// <summary>Behind the choices of the step that was queued last.</summary>
    public CudaEvent Done => _done;

    /// <summary>Of the step that was queued last.</summary>
    public long Step { get; private set; }

    /// <summary>Every token of the step is chosen on the device.</summary>
    public bool IsWhole => _answers.LeftOut == 0;

    /// <summary>Queues the head, the choices and the copies.</summary>
    /// <param name="step">The step.</param>
    /// <param name="hidden">[T, C]: what its layers leave.</param>
    public void Queue(PendingStep step, Matrix hidden)
    {
        Step = step.Number;
        _choices.Begin(step);
        _answers.Queue(step.Batch, hidden, step.Number);
        _done.Record(_last.Backend.Stream);
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
            if (_answers.IsLeftOut(row))
            {
                reader.Read(step, row, 1, _answers.Logits(copied++));
            }
            else
            {
                _choices.Tell(step, row, reader);
            }
        }
    }

    public void Dispose()
    {
        _answers.Dispose();
        _done.Dispose();
    }
}
