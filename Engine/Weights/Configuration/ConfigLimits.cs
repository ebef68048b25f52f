using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>Intervals of the sizes in a config: far above any model, low enough that the bytes of weights and states fit 63 bits.</summary>
internal static class ConfigLimits
{
    public const int Width = 1 << 18;
    public const int Inner = 1 << 20;
    public const int Vocabulary = 1 << 22;
    public const int Layers = 1 << 12;
    public const int Heads = 1 << 14;
    public const int Tokens = 1 << 28;

    /// <summary>Checks what follows from several keys at once.</summary>
    public static ModelConfig Checked(ModelConfig model, ConfigSection config, string headsKey, string keyValueHeadsKey, string headDimKey)
    {
        if (model.HeadCount % model.KeyValueHeadCount != 0)
        {
            throw config.Wrong(keyValueHeadsKey, $"a divisor of {headsKey} = {model.HeadCount}");
        }

        if (model.HeadDim % 2 != 0)
        {
            throw new CheckpointException($"{config.Describe(headDimKey)}: head_dim is {model.HeadDim}; expected an even number, as RoPE rotates pairs");
        }

        return (long)model.HeadCount * model.HeadDim <= Width
            ? model
            : throw new CheckpointException($"{config.Describe(headDimKey)}: {model.HeadCount} heads of {model.HeadDim} are more than {Width} columns");
    }

    /// <summary>The head size where no key gives it.</summary>
    public static int HeadDim(ConfigSection config, string widthKey, int width, string headsKey, int heads) =>
        width % heads == 0 ? width / heads : throw config.Wrong(headsKey, $"a divisor of {widthKey} = {width}, or the head size given by its own key");
}
