using System.Text.Json;
using OrleansLM.Cli.Perplexity;

namespace OrleansLM.Cli.Tests.Perplexity;

public sealed class PerplexityCommandTests
{
    private static readonly string Model = CommandRun.Repository("models", "tiny-yarn-mistral-128k");
    private static readonly string Text = CommandRun.Repository("models", "eval", "mansfield-park.txt");

    [Fact]
    public async Task Truncated_windows_have_the_reference_losses()
    {
        var golden = JsonDocument.Parse(await File.ReadAllBytesAsync(CommandRun.Repository("tests", "golden", "tiny-yarn-mistral-128k.golden.json")))
            .RootElement.GetProperty("mean_nll_truncate").GetProperty("mansfield-park.txt");
        var run = await RunAsync("--text", Text, "--length", "4096", "1024", "--length", "2048", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var results = JsonDocument.Parse(run.Output).RootElement.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal([1024, 2048, 4096], results.Select(result => result.GetProperty("length").GetInt32()));
        foreach (var result in results)
        {
            var expected = golden.GetProperty($"{result.GetProperty("length").GetInt32()}").GetDouble();
            Assert.Equal(expected, result.GetProperty("mean_nll").GetDouble(), 1e-4);
            Assert.Equal(Math.Exp(expected), result.GetProperty("perplexity").GetDouble(), 1e-2);
        }
    }

    [Fact]
    public async Task Sliding_windows_count_alike_whatever_their_number_of_targets()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(Text))[..1500]);
            var sliding = await MeanAsync("--text", file, "--length", "128", "--mode", "sliding", "--stride", "64");
            var truncated = await MeanAsync("--text", file, "--length", "128");
            Assert.NotEqual(truncated, sliding, 1e-4);

            // A stride as long as the text leaves the first window alone.
            var single = await MeanAsync("--text", file, "--length", "128", "--mode", "sliding", "--stride", "100000");
            Assert.Equal(truncated, single, 1e-9);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Windows_follow_the_text_to_its_end()
    {
        Assert.Equal(
            [new(0, 0, 10), new(4, 10, 14), new(8, 14, 18), new(12, 18, 20)],
            ScoringWindow.Slide(tokens: 20, size: 10, stride: 4));
        Assert.Equal([new ScoringWindow(0, 0, 5)], ScoringWindow.Slide(tokens: 5, size: 10, stride: 4));
    }

    [Fact]
    public async Task A_table_is_printed_without_json()
    {
        var run = await RunAsync("--text", Text, "--length", "64");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("perplexity", run.Output, StringComparison.Ordinal);
        Assert.Contains("64", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_too_short_is_refused_with_both_numbers()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "Too short.");
            var run = await RunAsync("--text", file, "--length", "1024");
            Assert.Equal(1, run.ExitCode);
            Assert.Matches(@"^perplexity: --length 1024 takes 1023 tokens of text; the text has \d\s*$", run.Error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("--length", "--length", "1")]
    [InlineData("--stride", "--length", "64", "--stride", "0")]
    [InlineData("backwards", "--length", "64", "--mode", "backwards")]
    [InlineData("context", "--length", "131073")]
    public async Task Mistakes_are_named_on_the_error_stream(string named, params string[] arguments)
    {
        var run = await RunAsync(["--text", Text, .. arguments]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }

    private static async Task<double> MeanAsync(params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return JsonDocument.Parse(run.Output).RootElement.GetProperty("results")[0].GetProperty("mean_nll").GetDouble();
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(PerplexityCommand.Create(), ["--model", Model, .. arguments]);
}
