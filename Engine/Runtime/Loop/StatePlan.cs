using OrleansLM.Engine.Models;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>How much state an engine has room for.</summary>
/// <param name="UnitBytes">Bytes of a page (or slot) in all layers.</param>
/// <param name="Units">Pages, or slots.</param>
/// <param name="OpenBytes">Bytes of a slot, in all layers, that hold the keys and values of the open chunk.</param>
internal readonly record struct StatePlan(long UnitBytes, int Units, long OpenBytes)
{
    /// <summary>Full contexts that memory is set aside for at most, when the options do not say.</summary>
    private const int FullContexts = 8;

    /// <exception cref="ArgumentException">The bytes do not hold a single page (or slot).</exception>
    /// <param name="config">The model.</param>
    /// <param name="options">Of the engine.</param>
    /// <param name="available">Bytes that may be used when the options do not say; null: a quarter of what the host has.</param>
    public static StatePlan For(ModelConfig config, EngineOptions options, long? available = null)
    {
        var spec = Spec(config, options);
        var unit = UnitSize(config, options);
        var bytes = options.StateBytes ?? Math.Min(available ?? AvailableMemory.Bytes() / 4, unit * Useful(config, options));
        var units = (int)Math.Min(bytes / unit, int.MaxValue);
        return units > 0 ? new StatePlan(unit, units, (spec as RecurrentSpec)?.OpenBytes * config.LayerCount ?? 0) : throw new ArgumentException(
            $"{nameof(EngineOptions.StateBytes)} is {bytes}; expected at least {unit}, the size of one {(spec is PagedSpec ? $"page of {options.PageTokens} tokens" : "state")}");
    }

    /// <summary>Bytes of a page (or slot) in all layers.</summary>
    public static long UnitSize(ModelConfig config, EngineOptions options) => Spec(config, options).UnitBytes * config.LayerCount;

    private static LayerStateSpec Spec(ModelConfig config, EngineOptions options) =>
        LayerStateSpec.For(config, options.PageTokens, options.StateType, options.StateChunkTokens, options.Activations);

    private static long Useful(ModelConfig config, EngineOptions options)
    {
        if (config.Family == ModelFamily.Supra)
        {
            // For each turn that may run: its state, a second one while it is copied, and its checkpoints.
            return Math.Max(256, (2L + options.MaxCheckpoints) * options.MaxRunningTurns);
        }

        var longest = options.MaxSequenceTokens ?? config.ContextLength;
        return (long)FullContexts * ((longest + options.PageTokens - 1) / options.PageTokens + 1);
    }
}
