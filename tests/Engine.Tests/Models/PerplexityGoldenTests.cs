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

    [Fact]
    public void Supra_stays_as_good_far_beyond_its_trained_length()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        var ids = Encode("tiny-supra")[..16384];
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cpu") { MaxLogitRows = 512, Threads = Environment.ProcessorCount });
        var losses = pipeline.NegativeLogLikelihoods(pipeline.NewSequence(), ids);
        var short2k = Math.Exp(losses[..2047].Average());
        foreach (var length in new[] { 4096, 8192, 16384 })
        {
            Assert.InRange(Math.Exp(losses[..(length - 1)].Average()) / short2k, 0.9, 1.1);
        }
    }

    private static int[] Encode(string model)
        => ModelTokenizers.Open(TestFiles.Model(model)).Encode(File.ReadAllText(Path.Combine(TestFiles.Model("eval"), Text)), addBos: true);
}
