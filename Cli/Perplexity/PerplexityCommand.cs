using System.CommandLine;
using OrleansLM.Cli.Local;
using OrleansLM.Engine.Runtime;
using Spectre.Console;

namespace OrleansLM.Cli.Perplexity;

/// <summary><c>orleanslm perplexity</c>: perplexity of a text at one or more lengths, without a server.</summary>
internal sealed class PerplexityCommand
{
    private readonly LocalModelOptions _model = new();
    private readonly Option<string> _text = new("--text") { Description = "The file that holds the text, UTF-8.", Required = true, HelpName = "FILE" };
    private readonly Option<int[]> _lengths = new("--length", "-n") { Description = "N: tokens of a window, BOS included; may be given more than once.", Required = true, AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _mode = new("--mode") { Description = "truncate: one window of BOS and the first N-1 tokens. sliding: windows all along the text.", DefaultValueFactory = _ => "truncate" };
    private readonly Option<int> _stride = new("--stride") { Description = "sliding: tokens from one window to the next.", DefaultValueFactory = _ => 256 };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON instead of a table." };

    public static Command Create() => new PerplexityCommand().Build();

    private Command Build()
    {
        _mode.AcceptOnlyFromAmong("truncate", "sliding");
        _lengths.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int[]>()?.Any(length => length < 2) == true)
            {
                result.AddError("--length: expected 2 or more");
            }
        });
        _stride.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--stride: expected 1 or more");
            }
        });
        var command = new Command("perplexity", "Measure the perplexity of a text at one or more lengths, without a server.");
        _model.AddTo(command);
        foreach (var option in new Option[] { _text, _lengths, _mode, _stride, _json })
        {
            command.Options.Add(option);
        }

        command.SetAction((arguments, cancellation) => CommandErrors.GuardAsync(arguments, () => RunAsync(arguments, cancellation)));
        return command;
    }

    private async Task RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        using var model = LocalModel.Open(_model.Model(arguments));
        var lengths = arguments.GetRequiredValue(_lengths).Distinct().Order().ToArray();
        var text = model.Encode(await File.ReadAllTextAsync(arguments.GetRequiredValue(_text), cancellation).ConfigureAwait(false), bos: false);
        int? bos = _model.Bos(arguments) ? model.Encode("", bos: true)[0] : null;
        Require(model, text, lengths[^1], bos is null ? 0 : 1);
        var engine = model.Load(_model.Engine(arguments), lengths[^1], _model.Remote(arguments, model.Name, model.Config));
        await using var owner = engine.ConfigureAwait(false);
        var results = await MeasureAsync(arguments, engine, text, bos, lengths, cancellation).ConfigureAwait(false);
        if (arguments.GetValue(_json))
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(PerplexityJson.Write(new PerplexityReport { Results = results })).ConfigureAwait(false);
        }
        else
        {
            WriteTable(arguments.InvocationConfiguration.Output, results);
        }
    }

    private static void Require(LocalModel model, int[] text, int longest, int bos)
    {
        if (text.Length < longest - bos)
        {
            throw new ArgumentException($"--length {longest} takes {longest - bos} tokens of text; the text has {text.Length}");
        }

        if (model.Config.Supra is null && longest > model.Config.ContextLength)
        {
            throw new ArgumentException($"--length {longest} is more than the model's context of {model.Config.ContextLength} tokens");
        }
    }

    private async Task<IReadOnlyList<PerplexityResult>> MeasureAsync(
        ParseResult arguments, InferenceEngine engine, int[] text, int? bos, int[] lengths, CancellationToken cancellation)
    {
        if (arguments.GetValue(_mode) == "truncate")
        {
            return await PerplexityProgress.RunAsync(
                $"{lengths[^1]} tokens", lengths[^1],
                advance => new PerplexityMeter(engine, text, bos) { Progress = advance }.TruncateAsync(lengths, cancellation)).ConfigureAwait(false);
        }

        var results = new List<PerplexityResult>();
        var stride = arguments.GetValue(_stride);
        foreach (var length in lengths)
        {
            var work = ScoringWindow.Slide(text.Length, length, stride).Sum(window => (double)(window.End - window.Start));
            results.Add(await PerplexityProgress.RunAsync(
                $"windows of {length}", work,
                advance => new PerplexityMeter(engine, text, bos) { Progress = advance }.SlideAsync(length, stride, cancellation)).ConfigureAwait(false));
        }

        return results;
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<PerplexityResult> results)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("length").RightAligned())
            .AddColumn(new TableColumn("mean NLL").RightAligned()).AddColumn(new TableColumn("perplexity").RightAligned());
        foreach (var result in results)
        {
            table.AddRow($"{result.Length}", $"{result.MeanNll:0.000000}", $"{result.Perplexity:0.0000}");
        }

        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
    }
}
