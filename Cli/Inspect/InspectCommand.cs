using System.CommandLine;
using System.CommandLine.Parsing;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using Spectre.Console;

namespace OrleansLM.Cli.Inspect;

/// <summary><c>orleanslm inspect DIR</c>: what a model folder holds and how much memory it takes, without loading the weights.</summary>
internal sealed class InspectCommand
{
    private readonly Argument<string> _folder = new("DIR") { Description = "The model folder: config.json and, if they are there, the weight files." };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON instead of tables." };
    private readonly Option<bool> _verify = new("--verify") { Description = "Read every weight and report NaN and infinity." };

    private readonly Option<int[]> _stages = new("--stages")
    {
        Description = "Stage counts to plan for; those above the number of layers are left out.",
        DefaultValueFactory = _ => [1, 2, 4],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _stateType = new("--state-type")
    {
        Description = "Element type of keys and values.",
        DefaultValueFactory = _ => TypeNames.Of(DataType.Float32),
        HelpName = string.Join('|', TypeNames.All),
    };

    private readonly Option<int> _pageTokens = new("--page-tokens") { Description = "Tokens per page of keys and values: [1, 65536].", DefaultValueFactory = _ => 64 };

    private readonly Option<int> _maxCheckpoints = new("--max-checkpoints")
    {
        Description = "Recurrent models: earlier states that a session may keep for rollbacks: [0, 64].",
        DefaultValueFactory = _ => new EngineOptions().MaxCheckpoints,
    };

    private readonly Option<int> _stateChunkTokens = new("--state-chunk-tokens")
    {
        Description = "Recurrent models: tokens after which a state moves on: [1, 128].",
        DefaultValueFactory = _ => new EngineOptions().StateChunkTokens,
    };

    private readonly Option<YarnConstants?> _yarn = new("--yarn")
    {
        Description = "YaRN constants: auto, mistral (128/2/0.07), default (32/1/0.1), or three numbers beta_fast/beta_slow/c.",
        CustomParser = ParseYarn,
        HelpName = "auto|mistral|default|F/S/C",
    };

    public static Command Create() => new InspectCommand().Build();

    private Command Build()
    {
        _stages.Validators.Add(result => Require(result, result.GetValue(_stages)!.All(count => count >= 1), "--stages: expected 1 or more"));
        _stateType.AcceptOnlyFromAmong([.. TypeNames.All]);
        _pageTokens.Validators.Add(result => Require(result, result.GetValue(_pageTokens) is >= 1 and <= 65536, "--page-tokens: expected a number in [1, 65536]"));
        _maxCheckpoints.Validators.Add(result => Require(result, result.GetValue(_maxCheckpoints) is >= 0 and <= 64, "--max-checkpoints: expected a number in [0, 64]"));
        _stateChunkTokens.Validators.Add(result => Require(result, result.GetValue(_stateChunkTokens) is >= 1 and <= 128, "--state-chunk-tokens: expected a number in [1, 128]"));
        var command = new Command("inspect", "Show what a model folder holds and plan its memory, without loading the weights.")
        {
            _folder, _json, _stages, _stateType, _pageTokens, _stateChunkTokens, _maxCheckpoints, _yarn, _verify,
        };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        var options = new InspectOptions
        {
            Directory = arguments.GetRequiredValue(_folder),
            Checkpoint = new CheckpointOptions { Yarn = arguments.GetValue(_yarn) },
            Stages = [.. arguments.GetValue(_stages)!.Distinct()],
            StateType = TypeNames.Parse(arguments.GetRequiredValue(_stateType)),
            PageTokens = arguments.GetValue(_pageTokens),
            StateChunkTokens = arguments.GetValue(_stateChunkTokens),
            MaxCheckpoints = arguments.GetValue(_maxCheckpoints),
            Verify = arguments.GetValue(_verify),
        };
        try
        {
            Print(ModelInspector.Inspect(options), arguments.GetValue(_json), arguments.InvocationConfiguration.Output);
            return 0;
        }
        catch (CheckpointException refused)
        {
            arguments.InvocationConfiguration.Error.WriteLine($"inspect: {refused.Message}");
            return 1;
        }
    }

    private static void Print(InspectReport report, bool asJson, TextWriter output)
    {
        if (asJson)
        {
            output.WriteLine(InspectJson.Write(report));
        }
        else
        {
            InspectTables.Write(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }), report);
        }
    }

    private static YarnConstants? ParseYarn(ArgumentResult result)
    {
        try
        {
            return YarnConstants.Parse(result.Tokens.Single().Value);
        }
        catch (FormatException wrong)
        {
            result.AddError($"--yarn: {wrong.Message}");
            return null;
        }
    }

    private static void Require(OptionResult result, bool holds, string error)
    {
        if (!holds)
        {
            result.AddError(error);
        }
    }
}
