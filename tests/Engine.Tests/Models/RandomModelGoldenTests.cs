namespace OrleansLM.Engine.Tests.Models;

/// <summary>Parity (promise 1) with HF transformers: all logits of three small random models, for YaRN, sliding window, GQA and tied embeddings.</summary>
public sealed class RandomModelGoldenTests
{
    private const double Tolerance = 1e-4;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var backend in TestBackends.Names)
            {
                cases.Add("rand-llama-yarn", backend);
                cases.Add("rand-mistral-window", backend);
                cases.Add("rand-llama-tied", backend);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_logits_agree(string model, string backend)
    {
        var golden = GoldenFile.Read($"{model}.golden.json");
        using var checkpoint = GoldenFile.OpenRandom(model);
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup(backend) { PageTokens = 16 });
        var found = pipeline.Prefill(pipeline.NewSequence(), golden.GetProperty("ids").Ints(), chunk: 31);
        var expected = golden.GetProperty("logits").Rows();
        for (var position = 0; position < expected.Length; position++)
        {
            Logits.Close(expected[position], found[position], Tolerance, $"{model} on {backend}, position {position}");
        }
    }
}
