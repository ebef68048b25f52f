using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights;

/// <summary>Which weights a model has, and their shapes: a pure function of its config.</summary>
public static class WeightCatalog
{
    private static readonly WeightRole[] Block =
    [
        WeightRole.AttentionNorm, WeightRole.Query, WeightRole.Key, WeightRole.Value, WeightRole.AttentionOutput,
        WeightRole.FeedForwardNorm, WeightRole.Gate, WeightRole.Up, WeightRole.Down,
    ];

    private static readonly WeightRole[] FeatureMaps =
    [
        WeightRole.QueryFeatureMap, WeightRole.QueryFeatureMapBias, WeightRole.KeyFeatureMap, WeightRole.KeyFeatureMapBias,
    ];

    /// <summary>Every weight of the model, in the order of the forward pass. A tied output and a shared feature map appear under both of their roles.</summary>
    public static IEnumerable<WeightId> All(ModelConfig config) => OfStage(config, new LayerRange(0, config.LayerCount));

    /// <summary>What the stage that holds <paramref name="layers"/> needs: the first one also the embedding, the last one the final norm and the output head.</summary>
    public static IEnumerable<WeightId> OfStage(ModelConfig config, LayerRange layers)
    {
        if (layers.Start == 0)
        {
            yield return new WeightId(WeightRole.TokenEmbedding);
        }

        for (var layer = layers.Start; layer < layers.End; layer++)
        {
            foreach (var role in RolesOfLayer(config))
            {
                yield return new WeightId(role, layer);
            }
        }

        if (layers.End == config.LayerCount)
        {
            yield return new WeightId(WeightRole.FinalNorm);
            yield return new WeightId(WeightRole.Output);
        }
    }

    /// <summary>The id under which a weight is stored: a tied output is the embedding, a shared key map the query's.</summary>
    public static WeightId Stored(ModelConfig config, WeightId id) => id.Role switch
    {
        WeightRole.Output when config.TiedEmbeddings => id with { Role = WeightRole.TokenEmbedding },
        WeightRole.KeyFeatureMap when config.Supra is { SharedFeatureMap: true } => id with { Role = WeightRole.QueryFeatureMap },
        WeightRole.KeyFeatureMapBias when config.Supra is { SharedFeatureMap: true } => id with { Role = WeightRole.QueryFeatureMapBias },
        _ => id,
    };

    /// <exception cref="CheckpointException">The model has no such weight.</exception>
    public static WeightShape Shape(ModelConfig config, WeightId id)
    {
        var perLayer = id.Role is not (WeightRole.TokenEmbedding or WeightRole.FinalNorm or WeightRole.Output);
        var inRange = perLayer ? id.Layer >= 0 && id.Layer < config.LayerCount : id.Layer == -1;
        var ofFamily = !perLayer || RolesOfLayer(config).Contains(id.Role);
        return inRange && ofFamily
            ? Shape(config, id.Role)
            : throw new CheckpointException($"a {config.Family} model of {config.LayerCount} layers has no weight '{id}'");
    }

    private static IEnumerable<WeightRole> RolesOfLayer(ModelConfig config) => config.Family == ModelFamily.Supra ? Block.Concat(FeatureMaps) : Block;

    private static WeightShape Shape(ModelConfig config, WeightRole role)
    {
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        var queries = config.HeadCount * config.HeadDim;
        var keys = config.KeyValueHeadCount * config.HeadDim;
        return role switch
        {
            WeightRole.TokenEmbedding or WeightRole.Output => new(config.VocabularySize, hidden, "[V, C]"),
            WeightRole.Query => new(queries, hidden, "[H·D, C]"),
            WeightRole.Key or WeightRole.Value => new(keys, hidden, "[G·D, C]"),
            WeightRole.AttentionOutput => new(hidden, queries, "[C, H·D]"),
            WeightRole.Gate or WeightRole.Up => new(inner, hidden, "[F, C]"),
            WeightRole.Down => new(hidden, inner, "[C, F]"),
            WeightRole.QueryFeatureMap => new(queries, queries, "[H·D, H·D]"),
            WeightRole.QueryFeatureMapBias => new(1, queries, "[H·D]", IsVector: true),
            WeightRole.KeyFeatureMap => new(keys, keys, "[G·D, G·D]"),
            WeightRole.KeyFeatureMapBias => new(1, keys, "[G·D]", IsVector: true),
            _ => new(1, hidden, "[C]", IsVector: true),
        };
    }
}
