using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Whole models on the CPU backend against the plain loops, for every family, weight type and page type.</summary>
public sealed class BackendAgreementTests
{
    public static TheoryData<string, DataType, DataType> Cases
    {
        get
        {
            var cases = new TheoryData<string, DataType, DataType>();
            foreach (var model in RandomModel.Names)
            {
                cases.Add(model, DataType.Float32, DataType.Float32);
                cases.Add(model, DataType.BFloat16, DataType.Float32);
                cases.Add(model, DataType.Float16, DataType.Float16);
                cases.Add(model, DataType.BFloat16, DataType.BFloat16);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_agree(string model, DataType weightType, DataType stateType)
    {
        // In 16-bit pages a last bit of f32 may round a key to its neighbour, 2^-9 away in bf16; in f32 pages only the order of sums differs.
        var tolerance = stateType == DataType.Float32 ? 1e-4 : 2e-2;
        var expected = Run(model, weightType, new TestSetup("reference") { StateType = stateType, PageTokens = 16 });
        var found = Run(model, weightType, new TestSetup("cpu") { StateType = stateType, PageTokens = 16 });
        for (var position = 0; position < expected.Length; position++)
        {
            Logits.Close(expected[position], found[position], tolerance, $"position {position}");
        }
    }

    private static float[][] Run(string model, DataType weightType, TestSetup setup)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config, weightType);
        using var pipeline = new TestPipeline(config, weights, setup);
        return pipeline.Prefill(pipeline.NewSequence(), RandomModel.Tokens(config, 130), chunk: 50);
    }
}
