using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime;

/// <summary>How an engine is set up. Checked by <see cref="Validate"/> before anything is loaded.</summary>
public sealed record EngineOptions
{
    private readonly DataType? _stateType;
    private readonly DataType? _activations;
    private readonly int? _maxStepTokens;
    private readonly int? _stateChunkTokens;

    /// <summary>[1, layers]: pipeline stages in this process.</summary>
    public int Stages { get; init; } = 1;

    /// <summary><c>cpu</c>, <c>reference</c> or <c>cuda</c>.</summary>
    public string Backend { get; init; } = "cpu";

    /// <summary>GPUs by the driver's numbers, for the <c>cuda</c> backend: the stages are dealt out to them in order; there are at least as many stages as devices.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [0];

    /// <summary>[1, 1024]: worker threads of a CPU backend; null: all cores that the process may use.</summary>
    public int? Threads { get; init; }

    /// <summary>Tokens per page: 16, 32, 64, 128 or 256. Part of the reduction order: other sizes give other last bits.</summary>
    public int PageTokens { get; init; } = 64;

    /// <summary>Bytes for keys and values (or recurrent states), all stages; null: a quarter of the memory that is free at start, at most enough for 8 full contexts.</summary>
    public long? StateBytes { get; init; }

    /// <summary>
    /// Element type between operators: Float32, on a GPU BFloat16 unless Float32 is asked for: exactness before speed, products take twice as long and attention far longer.
    /// </summary>
    public DataType Activations
    {
        get => _activations ?? (Backend == "cuda" ? DataType.BFloat16 : DataType.Float32);
        init => _activations = value;
    }

    /// <summary>Element type of keys and values; unless it is set, that of the activations. Float8E4M3 takes half of BFloat16's memory, at the cost of exactness; not on <c>cpu</c>.</summary>
    public DataType StateType
    {
        get => _stateType ?? Activations;
        init => _stateType = value;
    }

    /// <summary>
    /// [1, 128]: recurrent models: tokens after which a state moves on; until then the keys and values of the open chunk lie beside it. 1: the recurrent form, without an open
    /// chunk. Part of the reduction order: other lengths give other last bits. Unless it is set, what the backend is fastest with.
    /// </summary>
    public int StateChunkTokens
    {
        get => _stateChunkTokens ?? Backend switch
        {
            "cpu" => CpuBackend.PreferredChunkTokens,
            "cuda" when Activations == DataType.BFloat16 => CudaBackend.PreferredChunkTokens,
            _ => 1,
        };
        init => _stateChunkTokens = value;
    }

    /// <summary>[16, 65536]: rows of a step at most; decode rows first, prefill chunks fill the rest. Unless it is set, 512, on a GPU 4096.</summary>
    public int MaxStepTokens
    {
        get => _maxStepTokens ?? (Backend == "cuda" ? 4096 : 512);
        init => _maxStepTokens = value;
    }

    /// <summary>[1, 4096]: turns that run together.</summary>
    public int MaxRunningTurns { get; init; } = 64;

    /// <summary>[0, 100000]: turns that wait; one more gets ResourceExhausted.</summary>
    public int MaxWaitingTurns { get; init; } = 256;

    /// <summary>
    /// Full pages of keys and values are found again by the tokens from the beginning of a sequence to their end, by any sequence, until their memory is wanted. The ids are the
    /// same with and without; only times tell, also of what others have asked. Recurrent models have no pages.
    /// </summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>A turn that waited this long for memory gets ResourceExhausted.</summary>
    public TimeSpan AdmissionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>An idle state that has to make room is dropped after this long, saved (<see cref="IEngineSequence.BeforeDrop"/>) or not. 0: at once.</summary>
    public TimeSpan SaveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>[1, 65536]: outputs a turn may be ahead of its reader.</summary>
    public int OutputBuffer { get; init; } = 256;

    /// <summary>Limit on sequence length, in tokens; null: the model's context (no limit for recurrent models).</summary>
    public int? MaxSequenceTokens { get; init; }

    /// <summary>
    /// [16, 1048576]: recurrent models keep a sequence's state as it was at multiples of this many tokens, so that a rollback computes only from the nearest one on.
    /// </summary>
    public int CheckpointTokens { get; init; } = 512;

    /// <summary>
    /// [0, 64]: earlier states kept for each sequence: the last ones densely, those further back at distances that grow with age. They are the first to go when memory is short.
    /// </summary>
    public int MaxCheckpoints { get; init; } = 8;

    /// <exception cref="ArgumentException">Names the option, the value and the allowed interval.</exception>
    public void Validate()
    {
        In(nameof(Stages), Stages, 1, 1024);
        In(nameof(Threads), Threads ?? 1, 1, 1024);
        In(nameof(StateChunkTokens), StateChunkTokens, 1, 128);
        In(nameof(MaxStepTokens), MaxStepTokens, 16, 65536);
        In(nameof(MaxRunningTurns), MaxRunningTurns, 1, 4096);
        In(nameof(MaxWaitingTurns), MaxWaitingTurns, 0, 100_000);
        In(nameof(OutputBuffer), OutputBuffer, 1, 65536);
        In(nameof(MaxSequenceTokens), MaxSequenceTokens ?? 1, 1, int.MaxValue);
        In(nameof(CheckpointTokens), CheckpointTokens, 16, 1 << 20);
        In(nameof(MaxCheckpoints), MaxCheckpoints, 0, 64);
        if (PageTokens is not (16 or 32 or 64 or 128 or 256))
        {
            throw new ArgumentException($"{nameof(PageTokens)} is {PageTokens}; expected 16, 32, 64, 128 or 256");
        }

        if (Backend is not ("cpu" or "reference" or "cuda"))
        {
            throw new ArgumentException($"{nameof(Backend)} is '{Backend}'; expected 'cpu', 'reference' or 'cuda'");
        }

        if (Activations != DataType.Float32 && (Activations != DataType.BFloat16 || Backend != "cuda"))
        {
            throw new ArgumentException($"{nameof(Activations)} is {Activations}; expected Float32, or BFloat16 with the cuda backend");
        }

        if (!Enum.IsDefined(StateType) || (StateType == DataType.Float8E4M3 && Backend == "cpu"))
        {
            throw new ArgumentException($"{nameof(StateType)} is {StateType}; expected Float32, BFloat16 or Float16, or with another {nameof(Backend)} than 'cpu' Float8E4M3");
        }

        if (Devices.Count < 1 || Devices.Any(device => device < 0) || Devices.Distinct().Count() < Devices.Count)
        {
            throw new ArgumentException($"{nameof(Devices)} is '{string.Join(',', Devices)}'; expected at least one number from 0 on, none twice");
        }

        if (StateBytes is <= 0)
        {
            throw new ArgumentException($"{nameof(StateBytes)} is {StateBytes}; expected more than 0");
        }

        if (AdmissionTimeout < TimeSpan.Zero)
        {
            throw new ArgumentException($"{nameof(AdmissionTimeout)} is {AdmissionTimeout}; expected 0 or more");
        }

        if (SaveTimeout < TimeSpan.Zero || SaveTimeout > TimeSpan.FromDays(1))
        {
            throw new ArgumentException($"{nameof(SaveTimeout)} is {SaveTimeout}; expected a value in [0, 1 day]");
        }
    }

    private static void In(string name, int value, int low, int high)
    {
        if (value < low || value > high)
        {
            throw new ArgumentException($"{name} is {value}; expected a value in [{low}, {high}]");
        }
    }
}
