using System.Collections.Concurrent;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Stages on GPUs of this machine. A step is queued on all of them at once, the residual stream going from device to device behind the work that makes it; with
/// several devices a few steps are under way, so that each device has one. Steps of decode rows are queued behind those that choose their tokens, which the devices put in themselves: the
/// engine's thread queues and reads, and no device waits for it.
/// </summary>
internal sealed partial class DeviceStageChain : IStageChain
{
    /// <summary>Turns with penalties that the device chooses for; the logits of more come to the host.</summary>
    private const int MaxCountSlots = 256;

    private readonly DeviceStage[] _stages;
    private readonly DeviceOutcome[] _outcomes;
    private readonly ChosenTokens _chosen;
    private readonly BlockingCollection<DeviceOutcome> _waiting = [];
    private Thread? _watcher;
    private long _begun;
    private long _completed;

    private DeviceStageChain(DeviceStage[] stages, int turns)
    {
        _stages = stages;
        Depth = Parallel > 1 ? Parallel + 1 : 1;
        var (first, last) = (stages[0], stages[^1]);
        _chosen = new ChosenTokens(last.Backend.Stream, last.Last.MaxRows, isShared: Parallel > 1);
        first.Backend.TakeTokensFrom(_chosen);
        var sampler = last.Backend.UseSampler(
            last.Last.Config.VocabularySize, _chosen, last.Last.MaxLogitRows, Math.Min(turns, MaxCountSlots), within: Depth + Parallel);
        // One more than are under way: the watcher may still look at the one that was completed last.
        _outcomes = [.. Enumerable.Range(0, Depth + Parallel + 1).Select(_ => new DeviceOutcome(last, sampler))];
    }

    public int MaxRows => _stages[0].Last.MaxRows;

    public int Depth { get; }

    public int Parallel => _stages.Length;

    public bool CanFollow
    {
        get
        {
            for (var i = _completed; i < _begun; i++)
            {
                if (!Outcome(i).IsWhole)
                {
                    return false;
                }
            }

            return Depth + Parallel < ChoicePlace.Steps;
        }
    }

    public CudaBackend FirstBackend => _stages[0].Backend;

    public void Attach(Action wake)
    {
        if (Depth == 1)
        {
            return;
        }

        _watcher = new Thread(() => Watch(wake)) { IsBackground = true, Name = "steps on GPUs" };
        _watcher.Start();
    }

    public void Begin(PendingStep step)
    {
        var outcome = Outcome(_begun);
        var slot = Parallel > 1 ? (int)(_begun % DeviceStage.Slots) : 0;
        if (step.Batch.Follows && Parallel > 1)
        {
            WaitForChoices(step.Follows);
        }

        for (var i = 0; i < _stages.Length; i++)
        {
            _stages[i].Step(step.Batch, slot, i == 0 ? null : _stages[i - 1], i + 1 < _stages.Length ? _stages[i + 1] : null);
        }

        outcome.Queue(step, _stages[^1].Hidden(slot).Top(step.Batch.RowCount));
        _stages[^1].Close(slot);
        _begun++;
        if (_watcher is not null)
        {
            _waiting.Add(outcome);
        }
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        var outcome = Outcome(_completed);
        if (Depth > 1 && !outcome.IsDone)
        {
            return false;
        }

        _completed++;
        outcome.Read(step, reader);
        return true;
    }

    public void Dispose()
    {
        _waiting.CompleteAdding();
        _watcher?.Join();
        foreach (var outcome in _outcomes)
        {
            outcome.Wait();
        }

        foreach (var outcome in _outcomes)
        {
            outcome.Dispose();
        }

        _chosen.Dispose();
        foreach (var stage in _stages)
        {
            stage.Dispose();
        }

        foreach (var stage in _stages)
        {
            stage.Backend.Dispose();
        }

        _waiting.Dispose();
    }

    private DeviceOutcome Outcome(long index) => _outcomes[index % _outcomes.Length];

    /// <summary>The first device goes on once the last one has chosen: an event between their streams, and no host.</summary>
    private void WaitForChoices(long step)
    {
        for (var i = _completed; i < _begun; i++)
        {
            if (Outcome(i).Step == step)
            {
                _stages[0].Backend.Stream.Wait(Outcome(i).Done);
            }
        }
    }

    /// <summary>Tells the engine's thread when a step is done, in the order in which they were begun.</summary>
    private void Watch(Action wake)
    {
        foreach (var outcome in _waiting.GetConsumingEnumerable())
        {
            outcome.Wait();
            wake();
        }
    }
}
