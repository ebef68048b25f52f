using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>A decode step of the CPU backend allocates nothing on the thread that drives it, for every family and page type.</summary>
public sealed class DecodeAllocationTests
{
    [Theory]
    [InlineData("llama", DataType.Float32)]
    [InlineData("mistral-window", DataType.BFloat16)]
    [InlineData("llama-tied", DataType.Float16)]
    [InlineData("supra", DataType.Float32)]
    public void A_decode_step_allocates_nothing(string model, DataType stateType)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config, DataType.BFloat16);
        using var pipeline = new TestPipeline(config, weights, new TestSetup("cpu") { StateType = stateType, Stages = 2 });
        var sequence = pipeline.NewSequence();
        pipeline.Prefill(sequence, RandomModel.Tokens(config, 70), chunk: 64);

        // What the first steps allocate is the runtime's own: code that is compiled on its first call, and again when it proves to be hot.
        int[] token = [5];
        var allocated = Enumerable.Range(0, 50).Select(_ => pipeline.AllocatedByDecodeStep(sequence, token)).ToArray();
        Assert.True(allocated[20..].Sum() == 0, $"bytes per step: {string.Join(", ", allocated)}");
    }
}
