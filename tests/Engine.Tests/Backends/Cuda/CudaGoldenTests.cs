using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Models;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Parity (promise 1) of the CUDA backend: all goldens as bf16 allows (|found - expected| / |expected| over a row of logits); ids equal where the golden run's own gap allows.</summary>
public sealed class CudaGoldenTests
{
    private const double Tolerance = 2e-2;

    public static TheoryData<string, int> Prompts
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var model in new[] { "tiny-yarn-mistral-128k", "tiny-supra" })
            {
                for (var i = 0; i < 5; i++)
                {
                    cases.Add(model, i);
                }
            }

            return cases;
        }
    }

    [CudaTheory]
    [InlineData("rand-llama-yarn")]
    [InlineData("rand-mistral-window")]
    [InlineData("rand-llama-tied")]
    public void All_logits_of_random_models_agree(string model)
    {
        var golden = GoldenFile.Read($"{model}.golden.json");
        using var checkpoint = GoldenFile.OpenRandom(model);
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cuda") { PageTokens = 16, StateType = DataType.BFloat16 });
        var found = pipeline.Prefill(pipeline.NewSequence(), golden.GetProperty("ids").Ints(), chunk: 31);
        var expected = golden.GetProperty("logits").Rows();
        for (var position = 0; position < expected.Length; position++)
        {
            Close(expected[position], found[position], Tolerance, $"{model}, position {position}");
        }
    }

    [CudaTheory]
    [MemberData(nameof(Prompts))]
    public void Prompts_and_greedy_continuations_agree(string model, int index)
    {
        var golden = GoldenFile.Read($"{model}.golden.json").GetProperty("cases")[index];
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cuda") { StateType = DataType.BFloat16 });
        var sequence = pipeline.NewSequence();
        var last = pipeline.Prefill(sequence, golden.GetProperty("ids").Ints(), chunk: 512)[^1];
        var expected = golden.GetProperty("logits_last").Singles();
        var tolerance = Tolerance * Largest(expected);
        Close(expected, last, Tolerance, $"{model}, last position");
        foreach (var id in golden.GetProperty("greedy").Ints())
        {
            // The same id, or one whose logit is as good as the tolerance can tell.
            Assert.True(last.Max() - last[id] <= 2 * tolerance, $"id {id} is {last.Max() - last[id]} behind {Logits.Best(last)}");
            last = pipeline.Step((sequence, [id]))[0][0];
        }
    }

    private static void Close(float[] expected, float[] found, double tolerance, string what)
    {
        var error = Math.Sqrt(expected.Zip(found, (e, f) => (e - (double)f) * (e - f)).Sum() / expected.Sum(e => (double)e * e));
        Assert.True(error <= tolerance, $"{what}: relative error {error}");
    }

    private static float Largest(float[] logits) => logits.Max(Math.Abs);
}
