using OrleansLM.Engine.Models;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights;

/// <summary>How much memory a model takes when its layers are cut into stages. A pure function of the config, so that it can be asked before anything is loaded.</summary>
public sealed record MemoryPlan
{
    public required IReadOnlyList<StagePlan> Stages { get; init; }

    public required DataType StateType { get; init; }

    public required int PageTokens { get; init; }

    /// <summary>Tied embeddings count twice here when the first and the last stage are not the same.</summary>
    public long WeightBytes => Stages.Sum(stage => stage.WeightBytes);

    public long StateBytesPerToken => Stages.Sum(stage => stage.StateBytesPerToken);

    public long StateBytesPerSession => Stages.Sum(stage => stage.StateBytesPerSession);

    public long OpenChunkBytesPerSession => Stages.Sum(stage => stage.OpenChunkBytesPerSession);

    public long StateBytesAtFullContext => Stages.Sum(stage => stage.StateBytesAtFullContext);

    /// <summary>The stage that decides how large a device must be.</summary>
    public StagePlan Largest => Stages.MaxBy(stage => stage.TotalBytes)!;

    /// <summary>For weights that all have the type <paramref name="weights"/>.</summary>
    /// <param name="config">The model.</param>
    /// <param name="weights">Element type of the weights.</param>
    /// <param name="stages">[1, layers].</param>
    /// <param name="state">Element type of keys and values; recurrent states are always float32.</param>
    /// <param name="pageTokens">Tokens per page of keys and values.</param>
    /// <param name="chunkTokens">Recurrent models: C of <see cref="RecurrentSpec"/>, with an open chunk in f32.</param>
    public static MemoryPlan For(ModelConfig config, DataType weights, int stages, DataType state = DataType.Float32, int pageTokens = 64, int chunkTokens = 1) =>
        For(config, id => WeightCatalog.Shape(config, id).ElementCount * weights.SizeInBytes(), stages, state, pageTokens, chunkTokens);

    /// <summary>For weights whose sizes <paramref name="bytesOf"/> knows, such as <see cref="Checkpoint.SizeInBytes"/>.</summary>
    public static MemoryPlan For(
        ModelConfig config, Func<WeightId, long> bytesOf, int stages, DataType state = DataType.Float32, int pageTokens = 64, int chunkTokens = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkTokens, 1);
        return new MemoryPlan
        {
            Stages = [.. LayerRange.Split(config.LayerCount, stages).Select(layers => Stage(config, layers, bytesOf, state, pageTokens, chunkTokens))],
            StateType = config.Family == ModelFamily.Supra ? DataType.Float32 : state,
            PageTokens = pageTokens,
        };
    }

    private static StagePlan Stage(ModelConfig config, LayerRange layers, Func<WeightId, long> bytesOf, DataType state, int pageTokens, int chunkTokens)
    {
        var weights = WeightCatalog.OfStage(config, layers).Select(id => WeightCatalog.Stored(config, id)).Distinct().ToArray();
        var slot = LayerStateSpec.For(config, pageTokens, state, chunkTokens, DataType.Float32) as RecurrentSpec;
        var perToken = slot is not null ? 0 : 2L * layers.Count * config.KeyValueHeadCount * config.HeadDim * state.SizeInBytes();
        var perSession = slot is null ? 0 : slot.UnitBytes * layers.Count;
        return new StagePlan
        {
            Layers = layers,
            WeightBytes = weights.Sum(bytesOf),
            Parameters = weights.Sum(id => WeightCatalog.Shape(config, id).ElementCount),
            StateBytesPerToken = perToken,
            StateBytesPerSession = perSession,
            OpenChunkBytesPerSession = slot is null ? 0 : slot.OpenBytes * layers.Count,
            StateBytesAtFullContext = slot is not null ? perSession : perToken * TokensHeld(config, pageTokens),
        };
    }

    /// <summary>Tokens of one session in memory at once, in whole pages: a window of W tokens can begin anywhere in its first page.</summary>
    private static long TokensHeld(ModelConfig config, int pageTokens)
    {
        var all = Pages(config.ContextLength, pageTokens);
        var pages = config.SlidingWindow is { } window ? Math.Min(all, Pages(window, pageTokens) + 1) : all;
        return pages * pageTokens;
    }

    private static long Pages(long tokens, int pageTokens) => (tokens + pageTokens - 1) / pageTokens;
}
