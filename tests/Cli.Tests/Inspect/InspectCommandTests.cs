using System.CommandLine;
using System.Text.Json;
using OrleansLM.Cli.Inspect;
using Spectre.Console;

namespace OrleansLM.Cli.Tests.Inspect;

public sealed class InspectCommandTests : IDisposable
{
    private const string YarnMistral =
        """
        {"model_type":"mistral","auto_map":{"AutoModelForCausalLM":"modeling_mistral_yarn.MistralForCausalLM"},"hidden_size":4096,"intermediate_size":14336,
        "num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"hidden_act":"silu","rms_norm_eps":1e-05,"max_position_embeddings":32768,
        "sliding_window":131072,"rope_theta":10000.0,"rope_scaling":{"type":"yarn","factor":16.0,"original_max_position_embeddings":8192,"finetuned":true},
        "vocab_size":32000,"bos_token_id":1,"eos_token_id":2,"tie_word_embeddings":false,"torch_dtype":"bfloat16"}
        """;

    /// <summary>6 layers of 4 states [64, 64] in f32, and 7 open keys and values of 2 x 64.</summary>
    private const long SupraBytes = 393_216 + 43_008;

    private readonly string _folder = Directory.CreateTempSubdirectory("orleanslm-inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_with_only_a_config_is_planned()
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), YarnMistral);
        var report = ModelInspector.Inspect(new InspectOptions { Directory = _folder, StateType = Engine.Tensors.DataType.BFloat16 });
        Assert.Equal((7_241_732_096, 14_483_464_192), (report.Parameters, report.WeightBytes));
        Assert.Equal((128 << 10, 16L << 30), (report.State.BytesPerToken, report.State.BytesAtFullContext));
        Assert.Equal((16, 46), (report.Rope.Yarn!.Low, report.Rope.Yarn.High));
        Assert.Equal(1.1940812106, report.Rope.Yarn.Mscale, 1e-10);
        Assert.Equal([1, 2, 4], report.Plans.Select(plan => plan.Stages));
        Assert.Null(report.Fingerprint);
        Assert.Contains("the folder holds no weights", Assert.Single(report.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fp8", 64 << 10)]
    [InlineData("bf16", 128 << 10)]
    [InlineData("f32", 256 << 10)]
    public void The_plan_counts_keys_and_values_of_the_type_that_is_asked_for(string type, long bytesPerToken)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), YarnMistral);
        var report = ModelInspector.Inspect(new InspectOptions { Directory = _folder, StateType = TypeNames.Parse(type) });
        Assert.Equal((type, bytesPerToken), (report.State.Type, report.State.BytesPerToken));
    }

    [Fact]
    public void Json_has_the_same_numbers_as_the_report()
    {
        var report = ModelInspector.Inspect(new InspectOptions { Directory = Shipped("tiny-supra"), Stages = [1, 2, 64], Verify = true });
        using var json = JsonDocument.Parse(InspectJson.Write(report));
        var root = json.RootElement;
        Assert.Equal("supra", root.GetProperty("family").GetString());
        Assert.Equal(6_723_072, root.GetProperty("parameters").GetInt64());
        var state = root.GetProperty("state");
        Assert.Equal((SupraBytes, 43_008), (state.GetProperty("bytes_per_session").GetInt64(), state.GetProperty("open_chunk_bytes").GetInt64()));
        Assert.Equal(8, state.GetProperty("chunk_tokens").GetInt32());
        Assert.Equal("bf16", root.GetProperty("weight_types")[0].GetString());
        Assert.Equal(2, root.GetProperty("plans").GetArrayLength());
        Assert.Equal(6, root.GetProperty("plans")[1].GetProperty("devices")[1].GetProperty("end_layer").GetInt32());
        Assert.Equal(0, root.GetProperty("warnings").GetArrayLength());
    }

    [Fact]
    public void The_plan_of_a_recurrent_model_has_room_for_checkpoints()
    {
        var report = ModelInspector.Inspect(new InspectOptions { Directory = Shipped("tiny-supra"), Stages = [1, 2], MaxCheckpoints = 5 });
        Assert.Equal((5 * SupraBytes, 13_446_144 + (6 * SupraBytes)), (report.Plans[0].Devices[0].CheckpointBytesPerSession, report.Plans[0].Devices[0].TotalBytes));
        Assert.Equal(5 * SupraBytes, report.Plans[1].Devices.Sum(device => device.CheckpointBytesPerSession));
        Assert.Equal(0, ModelInspector.Inspect(new InspectOptions { Directory = Shipped("tiny-yarn-mistral-128k") }).Plans[0].Devices[0].CheckpointBytesPerSession);
    }

    [Fact]
    public void Tables_show_profile_plan_and_notes()
    {
        var report = ModelInspector.Inspect(new InspectOptions { Directory = Shipped("tiny-yarn-mistral-128k") });
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        InspectTables.Write(console, report with { Warnings = ["mind [this]"] });
        foreach (var expected in new[] { "config (32/1/0.1): low 12 (12.880481), high 25 (24.921681), mscale 1.27725887", "8.00 KiB per token, 1.00 GiB at full context (f32)", "4 stages", "6 – 7", "note: mind [this]" })
        {
            Assert.Contains(expected, text.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Both_parts_of_a_recurrent_state_are_shown()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 240;
        InspectTables.Write(console, ModelInspector.Inspect(new InspectOptions { Directory = Shipped("tiny-supra") }));
        Assert.Contains(
            "recurrent, 426 KiB per session whatever its length (f32): 384 KiB of state and 42.0 KiB for the open chunk of 8 tokens, and up to", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-folder")]
    [InlineData(".", "--stages", "0")]
    [InlineData(".", "--state-type", "int8")]
    [InlineData(".", "--page-tokens", "0")]
    [InlineData(".", "--state-chunk-tokens", "0")]
    [InlineData(".", "--state-chunk-tokens", "129")]
    [InlineData(".", "--yarn", "1/2/3")]
    [InlineData]
    public void Wrong_use_ends_with_an_error(params string[] arguments)
    {
        var output = new StringWriter();
        var exitCode = InspectCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = output });
        Assert.Equal(1, exitCode);
        Assert.NotEmpty(output.ToString());
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(10_240, "10.0 KiB")]
    [InlineData(14_483_464_192, "13.5 GiB")]
    [InlineData(long.MaxValue, "8.00 EiB")]
    public void Sizes_have_three_digits(long bytes, string expected) => Assert.Equal(expected, ByteSize.Format(bytes));

    private static string Shipped(string model)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "OrleansLM.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no OrleansLM.sln above the tests");
        }

        return Path.Combine(folder, "models", model);
    }
}
