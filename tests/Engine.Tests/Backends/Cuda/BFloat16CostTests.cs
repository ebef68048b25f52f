using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>
/// What bf16 costs on the random golden models (decision 8), computed by the reference: it is what a GPU is held to there. Weights alone cost more than 2e-2 in the worst row:
/// nothing that holds them as bf16 can do better.
/// </summary>
public sealed class BFloat16CostTests
{
    [Theory]
    [InlineData("rand-llama-yarn", 0.034, 0.088)]
    [InlineData("rand-mistral-window", 0.025, 0.082)]
    [InlineData("rand-llama-tied", 0.014, 0.034)]
    public void Rounded_weights_alone_cost(string model, double overall, double worst)
    {
        var error = GoldenModel.ErrorOf(model, new RoundingBackend(weights: true, activations: false), DataType.Float32);
        Assert.Equal(overall, error.Overall, 0.001);
        Assert.Equal(worst, error.Worst, 0.001);
    }

    [Theory]
    [InlineData("rand-llama-yarn", 0.059)]
    [InlineData("rand-mistral-window", 0.043)]
    [InlineData("rand-llama-tied", 0.021)]
    public void Weights_activations_keys_and_values_together_cost(string model, double overall) => Assert.Equal(overall, GoldenModel.CostOfBFloat16(model).Overall, 0.001);

    [Theory]
    [InlineData("rand-llama-yarn")]
    [InlineData("rand-mistral-window")]
    [InlineData("rand-llama-tied")]
    public void Without_rounding_there_is_no_error(string model) =>
        Assert.InRange(GoldenModel.ErrorOf(model, new RoundingBackend(weights: false, activations: false), DataType.Float32).Worst, 0, 1e-4);
}
