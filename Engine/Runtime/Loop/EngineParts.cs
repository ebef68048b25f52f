using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Scheduling;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>What a loop is put together from.</summary>
internal sealed record EngineParts
{
    public required string ModelName { get; init; }

    public required ModelConfig Config { get; init; }

    public required ModelTokenizer Tokenizer { get; init; }

    public required EngineOptions Options { get; init; }

    public required IStageChain Chain { get; init; }

    public required PagePool Pool { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary><see cref="EngineDescription.Fingerprint"/>.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary><see cref="EngineDescription.BackendKind"/>.</summary>
    public string BackendKind { get; init; } = "";

    /// <summary><see cref="RemoteStages.CarriageFolder"/>.</summary>
    public string? CarriageFolder { get; init; }

    /// <summary>What stored states must have in common with this engine.</summary>
    public StateIdentity Identity => new(
        Fingerprint, BackendKind, IsRecurrent, IsRecurrent ? DataType.Float32 : Options.StateType, IsRecurrent ? 0 : Options.PageTokens, checked((int)Chain.UnitBytes)) { HasWindow = Config.SlidingWindow is not null };

    /// <summary>Longest sequence: the option, or the model's context; a recurrent model has none of its own.</summary>
    public int MaxSequenceTokens => Options.MaxSequenceTokens ?? (IsRecurrent ? int.MaxValue : Config.ContextLength);

    /// <summary>Length at which a generation ends: the longest sequence, or as much as the whole pool holds.</summary>
    public int LengthLimit => Math.Min(MaxSequenceTokens, Limits.CapacityTokens);

    public bool IsRecurrent => Config.Family == ModelFamily.Supra;

    public SchedulerLimits Limits => new(
        Math.Min(Options.MaxStepTokens, Chain.MaxRows), Options.MaxRunningTurns, Pool.PageCount, IsRecurrent ? int.MaxValue : Options.PageTokens,
        IsRecurrent ? null : Config.SlidingWindow, Options.AdmissionTimeout)
    {
        GridTokens = IsRecurrent && Options.MaxCheckpoints > 0 ? Options.CheckpointTokens : int.MaxValue,
        DecodeGroups = Chain.Parallel,
        AttentionTokens = IsRecurrent ? int.MaxValue : AttentionTokens,
    };

    /// <summary>Products of a layer over what attention adds for each position that a row sees: q·k and p·v of every head.</summary>
    private int AttentionTokens
    {
        get
        {
            var (queries, keys) = ((long)Config.HeadCount * Config.HeadDim, (long)Config.KeyValueHeadCount * Config.HeadDim);
            var products = Config.HiddenSize * (2 * queries + 2 * keys) + 3L * Config.HiddenSize * Config.IntermediateSize;
            return (int)Math.Clamp(products / (2 * queries), 1, int.MaxValue);
        }
    }
}
