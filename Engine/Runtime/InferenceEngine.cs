using System.Diagnostics.Metrics;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Reference;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime;

/// <summary>An engine in this process: all stages on one backend, one thread that plans, computes and samples.</summary>
public sealed class InferenceEngine : IInferenceEngine
{
    private readonly IStageChain _chain;
    private readonly EngineLoop _loop;
    private readonly EngineThread _thread;
    private EngineDescription _description;

    internal InferenceEngine(EngineParts parts, EngineDescription description, IMeterFactory? meters, IDisposable? owned)
    {
        _chain = parts.Chain;
        Config = parts.Config;
        Tokenizer = parts.Tokenizer;
        _description = description;
        var counters = new EngineCounters();
        var instruments = new EngineInstruments(meters, parts.ModelName, counters, parts.Pool.PageCount);
        _loop = new EngineLoop(parts, instruments, counters);
        _thread = new EngineThread(_loop, $"engine {parts.ModelName}", () =>
        {
            parts.Chain.Dispose();
            instruments.Dispose();
            owned?.Dispose();
        });
    }

    public ModelConfig Config { get; }

    public ModelTokenizer Tokenizer { get; }

    public EngineDescription Description
    {
        get
        {
            var known = Volatile.Read(ref _description);
            if (_chain.Layers is not { } layers || ReferenceEquals(layers, known.Stages))
            {
                return known;
            }

            Volatile.Write(ref _description, known with { Stages = layers });
            return _description;
        }
    }

    /// <summary>Loads a model and starts its engine.</summary>
    /// <param name="checkpoint">Weights stay mapped from it: the engine takes it over and disposes it at its end. When loading fails it is still the caller's.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="options">Checked before anything is loaded.</param>
    /// <param name="time">For timeouts and measurements.</param>
    /// <param name="meters">Where the engine's meter comes from; null: one of its own.</param>
    /// <param name="remote">Stages in other processes, which must be there; null: all layers are here.</param>
    /// <exception cref="ArgumentException">An option is outside its interval, or does not go with the model.</exception>
    /// <exception cref="CheckpointException">A weight is missing, of another shape or not finite; or the tokenizer has ids that the model lacks.</exception>
    /// <exception cref="OutOfMemoryException">State or workspace do not fit. Nothing stays allocated.</exception>
    /// <exception cref="IOException">A remote stage is not there, or refuses; the message says which and why.</exception>
    public static InferenceEngine Load(
        Checkpoint checkpoint, ModelTokenizer tokenizer, EngineOptions options, TimeProvider time, IMeterFactory? meters = null, RemoteStages? remote = null)
    {
        options.Validate();
        remote?.Validate(checkpoint.Config);
        Require(checkpoint, tokenizer, options, remote?.Layers[0].Count ?? checkpoint.Config.LayerCount);
        if (options.Backend == "cuda" && remote is null)
        {
            return LoadOnDevices(checkpoint, tokenizer, options, time, meters);
        }

        var plan = StatePlan.For(checkpoint.Config, options);
        var ranges = LayerRange.Split(remote?.Layers[0].Count ?? checkpoint.Config.LayerCount, options.Stages);
        var backend = NewBackend(options);
        var chain = LoadChain(checkpoint, options, plan, ranges, backend, remote, time);
        var all = remote is null ? ranges : [.. ranges, .. remote.Layers.Skip(1)];
        return Start(checkpoint, tokenizer, options, plan, chain, Describe(checkpoint, options, plan, all, backend), time, meters, remote?.CarriageFolder);
    }

    /// <summary>Stages on GPUs of this machine.</summary>
    private static InferenceEngine LoadOnDevices(Checkpoint checkpoint, ModelTokenizer tokenizer, EngineOptions options, TimeProvider time, IMeterFactory? meters)
    {
        options = options with { Stages = Math.Max(options.Stages, options.Devices.Count) };
        Require(checkpoint, tokenizer, options, checkpoint.Config.LayerCount);
        var chain = DeviceStageChain.Load(checkpoint, options, out var plan);
        var ranges = LayerRange.Split(checkpoint.Config.LayerCount, options.Stages);
        return Start(checkpoint, tokenizer, options, plan, chain, Describe(checkpoint, options, plan, ranges, chain.FirstBackend), time, meters);
    }

    private static InferenceEngine Start(
        Checkpoint checkpoint, ModelTokenizer tokenizer, EngineOptions options, StatePlan plan, IStageChain chain, EngineDescription description, TimeProvider time,
        IMeterFactory? meters, string? carriageFolder = null)
    {
        var parts = new EngineParts
        {
            ModelName = checkpoint.Name,
            Config = checkpoint.Config,
            Tokenizer = tokenizer,
            Options = options,
            Chain = chain,
            Pool = new PagePool(plan.Units, options.PrefixCaching && checkpoint.Config.Family != ModelFamily.Supra),
            Time = time,
            Fingerprint = checkpoint.Fingerprint,
            BackendKind = description.BackendKind,
            CarriageFolder = carriageFolder,
        };
        return new InferenceEngine(parts, description, meters, checkpoint);
    }

    /// <summary>Bytes of state that an engine with these options would set aside, all stages together.</summary>
    /// <exception cref="ArgumentException">The options do not hold a single page (or slot).</exception>
    public static long StateBytes(ModelConfig config, EngineOptions options)
    {
        var plan = StatePlan.For(config, options);
        return plan.UnitBytes * plan.Units;
    }

    /// <summary>Bytes of a page (or slot), all stages together.</summary>
    public static long StateUnitBytes(ModelConfig config, EngineOptions options) => StatePlan.UnitSize(config, options);

    /// <summary>Where stages are elsewhere: asks for their addresses again and connects anew. Turns go on with the same tokens after a pause in which the state is carried over; where that cannot be it is computed again.</summary>
    public void Reroute() => _chain.Reroute();

    public EngineStatus GetStatus() => _loop.Counters.Snapshot(Description.PageCount);

    public IEngineSequence CreateSequence(ReadOnlySpan<int> tokens) => _loop.NewSequence(tokens);

    /// <summary>Ends after the current step; open turns fail with <see cref="EngineError.Unavailable"/>. Idempotent.</summary>
    public async ValueTask DisposeAsync() => await _thread.StopAsync().ConfigureAwait(false);

    private static void Require(Checkpoint checkpoint, ModelTokenizer tokenizer, EngineOptions options, int layers)
    {
        var config = checkpoint.Config;
        if (options.Stages > layers)
        {
            throw new ArgumentException($"{nameof(options.Stages)} is {options.Stages}; expected at most {layers}, the layers of {checkpoint.Name} in this process");
        }

        if (tokenizer.VocabularySize > config.VocabularySize)
        {
            throw new CheckpointException(
                $"the tokenizer of {checkpoint.Name} has {tokenizer.VocabularySize} ids; expected at most {config.VocabularySize}, the vocabulary of the model");
        }
    }

    internal static IBackend NewBackend(EngineOptions options) => options.Backend switch
    {
        "reference" => new ReferenceBackend(),
        "cuda" => new CudaBackend(CudaDevices.Load(), new CudaOptions { Device = options.Devices[0], Activations = options.Activations }),
        _ => new CpuBackend(options.Threads),
    };

    private static IStageChain LoadChain(
        Checkpoint checkpoint, EngineOptions options, StatePlan plan, LayerRange[] ranges, IBackend backend, RemoteStages? remote, TimeProvider time)
    {
        var stageOptions = new StageOptions
        {
            StateUnits = plan.Units,
            PageTokens = options.PageTokens,
            StateType = options.StateType,
            StateChunkTokens = options.StateChunkTokens,
            MaxRows = options.MaxStepTokens,
        };
        StageModel[] LoadStages(LayerRange[] ranges) => LoadAll(ranges, range => StageModel.Load(checkpoint.Config, checkpoint.Weights, range, backend, stageOptions));
        StageModel[] CutAnew(LayerRange first) => LoadStages(LayerRange.Split(first.Count, Math.Min(first.Count, options.Stages)));
        StageModel[] stages = [];
        try
        {
            stages = LoadStages(ranges);
            return remote is null
                ? new LocalStageChain(backend, stages)
                : Connect(opener => new PipelineChain(backend, stages, CutAnew, remote, opener), remote, remote.Assignment(checkpoint, options, plan.Units), time);
        }
        catch
        {
            Array.ForEach(stages, stage => stage.Dispose());
            backend.Dispose();
            throw;
        }
    }

    private static StageModel[] LoadAll(LayerRange[] ranges, Func<LayerRange, StageModel> load)
    {
        var stages = new List<StageModel>(ranges.Length);
        try
        {
            foreach (var range in ranges)
            {
                stages.Add(load(range));
            }

            return [.. stages];
        }
        catch
        {
            stages.ForEach(stage => stage.Dispose());
            throw;
        }
    }

    private static PipelineChain Connect(Func<PipelineOpener, PipelineChain> create, RemoteStages remote, StageAssignment first, TimeProvider time)
    {
        var opener = new PipelineOpener(remote, first, time);
        try
        {
            opener.Open();
            return create(opener);
        }
        catch
        {
            opener.Dispose();
            throw;
        }
    }

    /// <summary>What of the options is part of the arithmetic.</summary>
    private static string KindSuffix(EngineOptions options, bool isRecurrent) =>
        isRecurrent && options.StateChunkTokens > 1 ? $"-chunk{options.StateChunkTokens}"
        : !isRecurrent && options.StateType == DataType.Float8E4M3 ? "-kv8"
        : "";

    private static EngineDescription Describe(Checkpoint checkpoint, EngineOptions options, StatePlan plan, LayerRange[] ranges, IBackend backend)
    {
        var isRecurrent = checkpoint.Config.Family == ModelFamily.Supra;
        return new EngineDescription
        {
            ModelName = checkpoint.Name,
            Fingerprint = checkpoint.Fingerprint,
            ParameterCount = checkpoint.ParameterCount,
            WeightBytes = checkpoint.TotalBytes,
            Stages = ranges,
            Backend = backend.Description,
            BackendKind = backend.Kind + KindSuffix(options, isRecurrent),
            StateBytesPerToken = isRecurrent ? 0 : plan.UnitBytes / options.PageTokens,
            StateBytesPerSequence = isRecurrent ? plan.UnitBytes : 0,
            OpenChunkBytesPerSequence = plan.OpenBytes,
            StateChunkTokens = isRecurrent ? options.StateChunkTokens : 0,
            StateType = options.StateType,
            PageTokens = options.PageTokens,
            PageCount = plan.Units,
        };
    }
}
