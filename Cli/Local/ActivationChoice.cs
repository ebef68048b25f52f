using System.CommandLine;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Cli.Local;

/// <summary><c>--activations</c>: what the operators hand on to each other.</summary>
internal static class ActivationChoice
{
    public static Option<string> New()
    {
        var option = new Option<string>("--activations")
        {
            Description = "Element type of activations: auto (f32, on a GPU bf16), bf16 or f32. On a GPU f32 is for comparing: right to the last places, and slow at long contexts.",
            DefaultValueFactory = _ => "auto",
        };
        option.AcceptOnlyFromAmong("auto", "bf16", "f32");
        return option;
    }

    public static EngineOptions Apply(string choice, EngineOptions options) => choice switch
    {
        "bf16" => options with { Activations = DataType.BFloat16 },
        "f32" => options with { Activations = DataType.Float32 },
        _ => options,
    };
}
