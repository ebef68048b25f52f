using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>
/// Parity (promise 1) over long text: mean NLL of Mansfield Park, BOS and the first N - 1 tokens (spec §7, truncate mode). One pass over the longest
/// length answers for the shorter ones too, since attention is causal.
/// </summary>
public sealed class PerplexityGoldenTests
{
    private const double Tolerance = 1e-4;
    private const string Text = "mansfield-park.txt";

    [Theory]
    [InlineData("tiny-yarn-mistral-128k", 16384)]
    [InlineData("tiny-supra", 1024)]
    public void Mean_nll_agrees_at_every_length(string model, int longest)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        var ids = Encode(model)[..longest];
        var setup = new TestSetup("cpu") { StateUnits = longest / 64 + 1, MaxLogitRows = 512, Threads = Environment.ProcessorCount };
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, setup);
        var losses = pipeline.NegativeLogLikelihoods(pipeline.NewSequence(), ids);

        var golden = GoldenFile.Read($"{model}.golden.json").GetProperty("mean_nll_truncate").GetProperty(Text);
        var checkedLengths = 0;
        foreach (var entry in golden.EnumerateObject().Where(entry => int.Parse(entry.Name) <= longest))
        {
            Assert.Equal(entry.Value.GetDouble(), losses[..(int.Parse(entry.Name) - 1)].Average(), Tolerance);
            checkedLengths++;
        }

        Assert.True(checkedLengths > 0, "the golden file has no length that was computed");
    }

    /// <summary>The same 1024 tokens at the end of 2k, 4k, 8k and 16k of text, of which the model was trained on 2k at a time: the recurrent state neither drifts nor wears out.</summary>
    [Fact]
    public void Perplexity_of_supra_is_flat_from_2k_to_16k()
    {
        const int Scored = 1024;
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        var ids = Encode("tiny-supra")[..16384];
        var setup = new TestSetup("cpu") { StateUnits = 4, MaxLogitRows = 512, Threads = Environment.ProcessorCount };
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, setup);
        int[] lengths = [2048, 4096, 8192, 16384];
        var perplexities = lengths.Select(
            length => Math.Exp(pipeline.NegativeLogLikelihoods(pipeline.NewSequence(), [ids[0], .. ids[^(length - 1)..]])[^Scored..].Average())).ToArray();
        var middle = (perplexities.Min() + perplexities.Max()) / 2;
        Assert.All(perplexities, perplexity => Assert.InRange(perplexity / middle, 0.99, 1.01));
    }

    private static int[] Encode(string model)
        => ModelTokenizers.Open(TestFiles.Model(model)).Encode(File.ReadAllText(Path.Combine(TestFiles.Model("eval"), Text)), addBos: true);
}
