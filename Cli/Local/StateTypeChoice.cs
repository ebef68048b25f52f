using System.CommandLine;
using OrleansLM.Cli.Inspect;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Cli.Local;

/// <summary><c>--state-type</c> of commands that load a model.</summary>
internal static class StateTypeChoice
{
    private const string Auto = "auto";

    public static Option<string> New()
    {
        var option = new Option<string>("--state-type")
        {
            Description = "Element type of keys and values: f32, bf16 or f16, on a GPU fp8 (e4m3) too; auto is f32, on a GPU bf16",
            DefaultValueFactory = _ => Auto,
        };
        option.AcceptOnlyFromAmong([Auto, .. TypeNames.All]);
        return option;
    }

    public static EngineOptions Apply(string choice, EngineOptions options) => choice == Auto ? options : options with { StateType = TypeNames.Parse(choice) };
}
