using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.State;

/// <summary>
/// What one layer remembers of a sequence, described by the unit in which memory is handed out: a page of tokens, or a slot for a whole sequence.
/// Admission and the memory plan count in units and bytes from here; nobody else multiplies sizes.
/// </summary>
public abstract record LayerStateSpec
{
    /// <summary>Bytes of one unit in one layer.</summary>
    public abstract long UnitBytes { get; }

    /// <summary>Units that a sequence of <paramref name="tokens"/> tokens holds at most.</summary>
    public abstract int UnitsFor(int tokens);

    /// <summary>The spec of every layer of a model: layers of one model are alike.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="pageTokens">P.</param>
    /// <param name="type">Element type of keys and values; recurrent states are always f32.</param>
    /// <param name="chunkTokens">Recurrent models: C.</param>
    /// <param name="activations">Recurrent models: element type of the open chunk.</param>
    public static LayerStateSpec For(ModelConfig config, int pageTokens, DataType type, int chunkTokens, DataType activations) => config.Family == ModelFamily.Supra
        ? new RecurrentSpec(config.HeadCount, config.KeyValueHeadCount, config.HeadDim, chunkTokens, activations)
        : new PagedSpec(config.KeyValueHeadCount, config.HeadDim, pageTokens, type);
}
