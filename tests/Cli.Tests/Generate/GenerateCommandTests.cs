using System.Text.Json;
using OrleansLM.Cli.Generate;

namespace OrleansLM.Cli.Tests.Generate;

public sealed class GenerateCommandTests
{
    private static readonly string Model = CommandRun.Repository("models", "tiny-yarn-mistral-128k");

    [Theory]
    [InlineData("1")]
    [InlineData("4")]
    public async Task Json_has_the_golden_ids_whatever_the_stages(string stages)
    {
        var golden = Golden();
        var run = await RunAsync("--prompt", golden.GetProperty("text").GetString()!, "--max-tokens", "48", "--stages", stages, "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var result = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(Ints(golden.GetProperty("ids")), Ints(result.GetProperty("prompt_ids")));
        Assert.Equal(Ints(golden.GetProperty("greedy")), Ints(result.GetProperty("ids")));
        Assert.Equal("length", result.GetProperty("finish_reason").GetString());
        Assert.Equal(48, result.GetProperty("usage").GetProperty("generated_tokens").GetInt32());
    }

    [Fact]
    public async Task Text_is_that_of_the_json_and_ends_before_a_stop_string()
    {
        var prompt = Golden().GetProperty("text").GetString()!;
        var whole = await RunAsync("--prompt", prompt, "--max-tokens", "20");
        var json = await RunAsync("--prompt", prompt, "--max-tokens", "20", "--json");
        var text = JsonDocument.Parse(json.Output).RootElement.GetProperty("text").GetString()!;
        Assert.Equal(text + Environment.NewLine, whole.Output);
        var stop = text[5..8];
        var stopped = JsonDocument.Parse((await RunAsync("--prompt", prompt, "--max-tokens", "20", "--stop", stop, "--json")).Output).RootElement;
        Assert.Equal("stop", stopped.GetProperty("finish_reason").GetString());
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], stopped.GetProperty("text").GetString());
    }

    [Fact]
    public async Task The_seed_decides_and_a_prompt_may_come_from_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "It was a dark night, and");
            string[] arguments = ["--prompt-file", file, "--max-tokens", "16", "--temperature", "1.2", "--top-p", "0.9"];
            var first = await RunAsync([.. arguments, "--seed", "1"]);
            var same = await RunAsync([.. arguments, "--seed", "1"]);
            var other = await RunAsync([.. arguments, "--seed", "2"]);
            Assert.Equal(first.Output, same.Output);
            Assert.NotEqual(first.Output, other.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_one_line_that_says_why_and_what_works()
    {
        var run = await RunAsync("--prompt", "x", "--device", "cuda:4096");
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("generate: CUDA is not available: ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("The cpu backend works without it.", run.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Activations_of_a_type_that_the_backend_has_not_are_refused()
    {
        var run = await RunAsync("--prompt", "x", "--activations", "bf16");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Activations is BFloat16; expected Float32, or BFloat16 with the cuda backend", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Temperature", "--prompt", "x", "--temperature", "-1")]
    [InlineData("Stages", "--prompt", "x", "--stages", "9")]
    [InlineData("Threads", "--prompt", "x", "--threads", "0")]
    [InlineData("MaxNewTokens", "--prompt", "x", "--max-tokens", "-5")]
    [InlineData("/no/such/file", "--prompt-file", "/no/such/file")]
    [InlineData("--prompt")]
    [InlineData("expected either", "--prompt", "x", "--prompt-file", "y")]
    [InlineData("gpu", "--prompt", "x", "--backend", "gpu")]
    public async Task Mistakes_are_named_on_the_error_stream(string named, params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(named, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_no_model_is_named()
    {
        var run = await CommandRun.OfAsync(GenerateCommand.Create(), "--model", "/no/such/model", "--prompt", "x");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("/no/such/model", Assert.Single(run.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(GenerateCommand.Create(), ["--model", Model, .. arguments]);

    private static JsonElement Golden()
        => JsonDocument.Parse(File.ReadAllBytes(CommandRun.Repository("tests", "golden", "tiny-yarn-mistral-128k.golden.json"))).RootElement.GetProperty("cases")[1];

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];
}
