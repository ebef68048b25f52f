using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Models;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>A random model of the goldens and its f32 logits, which another implementation made.</summary>
internal static class GoldenModel
{
    public static TheoryData<string> Random => ["rand-llama-yarn", "rand-mistral-window", "rand-llama-tied"];

    /// <summary>How far a backend is from the golden logits.</summary>
    public static LogitError ErrorOf(string model, IBackend backend, DataType stateType)
    {
        var golden = GoldenFile.Read($"{model}.golden.json");
        using var checkpoint = GoldenFile.OpenRandom(model);
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("given") { PageTokens = 16, StateType = stateType }, backend);
        return LogitError.Of(golden.GetProperty("logits").Rows(), pipeline.Prefill(pipeline.NewSequence(), golden.GetProperty("ids").Ints(), chunk: 31));
    }

    /// <summary>What rounding to bf16 costs by itself, weights, activations, keys and values.</summary>
    public static LogitError CostOfBFloat16(string model) => ErrorOf(model, new RoundingBackend(weights: true, activations: true), DataType.BFloat16);
}
