using System.Collections.Concurrent;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Stages on GPUs of this machine. A step is queued on all of them at once, the residual stream going from device to device behind the work that makes it; with
/// several devices a few steps are under way, so that each device has one. The engine's thread queues and reads, it waits only when there is one device; then the next step
/// is queued behind the one it waits for, with tokens that the device chooses itself.
/// </summary>
internal sealed class DeviceStageChain : IStageChain
{
    /// <summary>Turns with penalties that the device chooses for; the logits of more come to the host.</summary>
    private const int MaxCountSlots = 256;

    private readonly CudaBackend[] _backends;
    private readonly DeviceStage[] _stages;
    private readonly DeviceOutcome[] _outcomes;
    private readonly BlockingCollection<DeviceOutcome> _waiting = [];
    private Thread? _watcher;
    private int _begun;
    private int _completed;

    private DeviceStageChain(CudaBackend[] backends, DeviceStage[] stages, int turns)
    {
        _backends = backends;
        _stages = stages;
        Depth = backends.Length > 1 ? backends.Length + 1 : 1;
        var model = stages[^1].Model;
        var sampler = stages[^1].Backend.UseSampler(model.Config.VocabularySize, model.MaxRows, model.MaxLogitRows, Math.Min(turns, MaxCountSlots));
        _outcomes = [.. Enumerable.Range(0, Math.Max(2, Depth)).Select(_ => new DeviceOutcome(stages[^1], sampler))];
    }

    public int MaxRows => _stages[0].Model.MaxRows;

    public int Depth { get; }

    public int Parallel => _backends.Length;

    public long UnitBytes => _stages.Sum(stage => stage.Model.State.UnitBytes);

    public CudaBackend FirstBackend => _backends[0];

    /// <summary>Loads the layers onto the devices of the options, in order.</summary>
    /// <param name="checkpoint">Its config and weights.</param>
    /// <param name="options">Devices, stages, pages.</param>
    /// <param name="plan">Pages or slots that there is room for.</param>
    /// <exception cref="ArgumentException">A device is not there or cannot be used; the message says why.</exception>
    /// <exception cref="OutOfMemoryException">State or workspace do not fit. Nothing stays allocated.</exception>
    public static DeviceStageChain Load(Checkpoint checkpoint, EngineOptions options, out StatePlan plan)
    {
        var devices = CudaDevices.Load();
        var backends = new List<CudaBackend>();
        var stages = new List<DeviceStage>();
        try
        {
            foreach (var device in options.Devices)
            {
                backends.Add(new CudaBackend(devices, new CudaOptions { Device = device, Activations = options.Activations }));
            }

            Connect(backends);
            plan = StatePlan.For(checkpoint.Config, options, Available(backends, checkpoint, options));
            var ranges = LayerRange.Split(checkpoint.Config.LayerCount, options.Stages);
            for (var i = 0; i < ranges.Length; i++)
            {
                stages.Add(NewStage(checkpoint, options, plan, ranges[i], backends[i * backends.Count / ranges.Length]));
            }

            return new DeviceStageChain([.. backends], [.. stages], options.MaxRunningTurns);
        }
        catch
        {
            stages.ForEach(stage => stage.Dispose());
            backends.ForEach(backend => backend.Dispose());
            throw;
        }
    }

    public void Attach(Action wake)
    {
        if (Depth == 1)
        {
            return;
        }

        _watcher = new Thread(() => Watch(wake)) { IsBackground = true, Name = "steps on GPUs" };
        _watcher.Start();
    }

    public bool CanFollow(PendingStep step) => Depth == 1 && _outcomes[(_begun - 1) % _outcomes.Length].IsWhole;

    public void Begin(PendingStep step)
    {
        var outcome = _outcomes[_begun % _outcomes.Length];
        for (var i = 0; i < _stages.Length; i++)
        {
            _stages[i].Step(step.Batch, i == 0 ? null : _stages[i - 1]);
        }

        outcome.Queue(step);
        _begun++;
        if (_watcher is not null)
        {
            _waiting.Add(outcome);
        }
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        var outcome = _outcomes[_completed % _outcomes.Length];
        if (Depth > 1 && !outcome.IsDone)
        {
            return false;
        }

        _completed++;
        outcome.Read(step, reader);
        return true;
    }

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination)
    {
        ReadUnit(unit, destination.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask ReadUnitsAsync(ReadOnlyMemory<int> units, Memory<byte> destination)
    {
        var size = (int)UnitBytes;
        if (_stages.Length == 1)
        {
            _stages[0].Model.State.ReadUnits(units.Span, destination.Span[..(units.Length * size)]);
            return ValueTask.CompletedTask;
        }

        for (var i = 0; i < units.Length; i++)
        {
            ReadUnit(units.Span[i], destination.Span.Slice(i * size, size));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source)
    {
        var at = 0;
        foreach (var stage in _stages)
        {
            var size = (int)stage.Model.State.UnitBytes;
            stage.Model.State.WriteUnit(unit, source.Span.Slice(at, size));
            at += size;
        }

        return ValueTask.CompletedTask;
    }

    private void ReadUnit(int unit, Span<byte> destination)
    {
        var at = 0;
        foreach (var stage in _stages)
        {
            var size = (int)stage.Model.State.UnitBytes;
            stage.Model.State.ReadUnit(unit, destination.Slice(at, size));
            at += size;
        }
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

        foreach (var stage in _stages)
        {
            stage.Dispose();
        }

        foreach (var backend in _backends)
        {
            backend.Dispose();
        }

        _waiting.Dispose();
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

    private static void Connect(List<CudaBackend> backends)
    {
        for (var i = 1; i < backends.Count; i++)
        {
            _ = backends[i - 1].Context.TryEnablePeer(backends[i].Context);
            _ = backends[i].Context.TryEnablePeer(backends[i - 1].Context);
        }
    }

    /// <summary>Nine tenths of what the fullest device has left beside its weights and activations, for all devices.</summary>
    private static long Available(List<CudaBackend> backends, Checkpoint checkpoint, EngineOptions options)
    {
        var config = checkpoint.Config;
        var row = 4L * (6 * config.HiddenSize + 2 * config.IntermediateSize) + 2L * config.VocabularySize;
        var perDevice = checkpoint.TotalBytes / backends.Count + checkpoint.TotalBytes / 16 + row * options.MaxStepTokens + (2L << 30);
        return Math.Max(1, backends.Min(backend => backend.FreeBytes) / 10 * 9 - perDevice - WideBytes(config, options)) * backends.Count;
    }

    /// <summary>What one layer's keys and values of a full context take as bf16, while its memory is enlarged: see <see cref="CudaBackend"/> on pages of e4m3.</summary>
    private static long WideBytes(ModelConfig config, EngineOptions options) => options.StateType == DataType.Float8E4M3
        ? 4L * sizeof(ushort) * config.KeyValueHeadCount * config.HeadDim * (options.MaxSequenceTokens ?? config.ContextLength)
        : 0;

    private static DeviceStage NewStage(Checkpoint checkpoint, EngineOptions options, StatePlan plan, LayerRange range, CudaBackend backend)
    {
        var model = StageModel.Load(checkpoint.Config, checkpoint.Weights, range, backend, new StageOptions
        {
            StateUnits = plan.Units,
            PageTokens = options.PageTokens,
            StateType = options.StateType,
            StateChunkTokens = options.StateChunkTokens,
            MaxRows = options.MaxStepTokens,
        });
        try
        {
            return new DeviceStage(backend, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
