using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Naming;

/// <summary>How one family of checkpoints names its tensors. The prefix, which varies from one export to the next, is found by the embedding's name.</summary>
internal abstract class TensorNaming(ModelConfig config)
{
    protected ModelConfig Config { get; } = config;

    /// <exception cref="CheckpointException">The names are of another layout, one that needs converting first.</exception>
    public static TensorNaming For(ModelConfig config, IReadOnlyCollection<string> names, string place) => config.Family switch
    {
        ModelFamily.Supra => OpenLmNaming.Detect(config, names),
        _ => HuggingFaceNaming.Detect(config, names, place),
    };

    /// <summary>Where <paramref name="id"/> stands. Its weight exists in this model (<see cref="WeightCatalog.Shape(ModelConfig, WeightId)"/> was asked).</summary>
    public abstract WeightSource Source(WeightId id);

    /// <summary>True for tensors that such checkpoints may hold and nobody needs.</summary>
    public abstract bool IsIgnorable(string name);

    /// <summary>The first prefix under which the names have <paramref name="landmark"/>; the usual one where none has.</summary>
    protected static string FindPrefix(IReadOnlyCollection<string> names, string landmark, ReadOnlySpan<string> prefixes)
    {
        foreach (var prefix in prefixes)
        {
            if (names.Contains(prefix + landmark))
            {
                return prefix;
            }
        }

        return prefixes[0];
    }
}
