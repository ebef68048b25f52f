using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using OrleansLM.Cli.Local;
using OrleansLM.Cli.Perplexity;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Tensors;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Quality;

/// <summary><c>bench quality</c>: what is too slow for the tests: perplexity of long texts against the reference, and pass keys at many depths.</summary>
internal sealed class QualityCommand
{
    private const int AnswerTokens = 8;

    private readonly LocalModelOptions _local = new();
    private readonly Option<string> _text = new("--text") { Description = "Text to measure and to fill pass-key prompts with", DefaultValueFactory = _ => Path.Combine(Home(), "models", "eval", "mansfield-park.txt") };
    private readonly Option<string?> _golden = new("--golden") { Description = "Golden file with mean_nll_truncate of that text" };
    private readonly Option<int[]> _lengths = new("--length") { Description = "Lengths for perplexity; 0: none", DefaultValueFactory = _ => [32768], AllowMultipleArgumentsPerToken = true };
    private readonly Option<int[]> _passKeys = new("--pass-keys") { Description = "Lengths for pass keys; 0: none", DefaultValueFactory = _ => [32768], AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> _depths = new("--depths") { Description = "Depths for each length", DefaultValueFactory = _ => 12 };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };

    private readonly List<BenchRow> _rows = [];
    private readonly ReportTable _table = new(Console.Out);

    public static Command Create() => new QualityCommand().Build();

    private Command Build()
    {
        var command = new Command("quality", "Perplexity of long texts against the reference values, and pass keys at many depths") { _text, _golden, _lengths, _passKeys, _depths, _json };
        _local.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(parsed, () => RunAsync(parsed, cancellation)));
        return command;
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var lengths = parsed.GetValue(_lengths)!.Where(length => length > 0).ToArray();
        var passKeys = parsed.GetValue(_passKeys)!.Where(length => length > 0).ToArray();
        using var model = LocalModel.Open(_local.Model(parsed));
        var filler = model.Encode(await File.ReadAllTextAsync(parsed.GetValue(_text)!, cancellationToken), bos: false);
        await using var engine = model.Load(_local.Engine(parsed), 2L * lengths.Concat(passKeys).DefaultIfEmpty(1024).Max() + 1024, remote: null);
        Console.WriteLine($"{MachineDescription.Here()}; {engine.Description.Backend}; {engine.Description.ModelName}");
        _table.WriteHeader();
        if (lengths.Length > 0)
        {
            await PerplexityAsync(engine, filler, lengths, Reference(parsed.GetValue(_golden), parsed.GetValue(_text)!), cancellationToken);
        }

        foreach (var length in passKeys)
        {
            await PassKeysAsync(engine, filler, length, parsed.GetValue(_depths), cancellationToken);
        }

        if (parsed.GetValue(_json) is { } path)
        {
            BenchReport.Here(_rows, engine.Description.Backend).WriteJson(path);
        }
    }

    private async Task PerplexityAsync(InferenceEngine engine, int[] text, int[] lengths, Dictionary<string, double> reference, CancellationToken cancellationToken)
    {
        var progress = new QualityProgress("perplexity", lengths.Max());
        var meter = new PerplexityMeter(engine, text, engine.Tokenizer.BosTokenId) { Progress = progress.Add };
        foreach (var result in await meter.TruncateAsync(lengths, cancellationToken))
        {
            var name = $"nll/{Name(engine)}/{result.Length}";
            Add(reference.TryGetValue(result.Length.ToString(), out var expected)
                ? new BenchRow(name, result.MeanNll, "nat", expected, expected / result.MeanNll, $"differs by {Math.Abs(result.MeanNll - expected):E1} from the reference")
                : new BenchRow(name, result.MeanNll, "nat"));
        }
    }

    private async Task PassKeysAsync(InferenceEngine engine, int[] filler, int length, int depths, CancellationToken cancellationToken)
    {
        // A prompt as long as the model's context leaves no room for the answer.
        var tokens = engine.Config.Supra is null ? Math.Min(length, engine.Config.ContextLength - AnswerTokens) : length;
        var found = 0;
        var missed = new List<string>();
        IEngineSequence? last = null;
        for (var i = 0; i < depths; i++)
        {
            var prompt = PassKeyPrompt.Make(engine.Tokenizer, filler, tokens, (i + 0.5) / depths, 10_000 + 6367 * (i + 1) % 90_000);
            var began = Stopwatch.GetTimestamp();
            var (answer, sequence) = await AnswerAsync(engine, prompt.Ids, last, cancellationToken);
            await (last?.DisposeAsync() ?? ValueTask.CompletedTask);
            last = sequence;
            var isFound = answer.Contains(prompt.Answer, StringComparison.Ordinal);
            Console.Error.WriteLine($"pass key {i + 1} of {depths} at {(i + 0.5) / depths:P0} of {length:N0} tokens: {(isFound ? "found" : $"missed ({answer.Trim()})")}, {Stopwatch.GetElapsedTime(began).TotalSeconds:N1} s");
            found += isFound ? 1 : 0;
            missed.AddRange(isFound ? [] : [$"{(i + 0.5) / depths:P0}"]);
        }

        await (last?.DisposeAsync() ?? ValueTask.CompletedTask);
        Add(BenchRow.Of($"passkey/{Name(engine)}/{length}", found, "found", depths, missed.Count > 0 ? $"missed at {string.Join(", ", missed)}" : null));
    }

    /// <summary>What stands before the key is the same text in each prompt: the state that <paramref name="last"/> has of it is shared.</summary>
    private static async Task<(string Text, IEngineSequence Sequence)> AnswerAsync(InferenceEngine engine, int[] ids, IEngineSequence? last, CancellationToken cancellationToken)
    {
        var sequence = engine.CreateSequence(ids);
        if (last is not null)
        {
            await sequence.ShareAsync(last, cancellationToken);
        }

        var turn = sequence.Submit(new TurnRequest { Tokens = default, Stop = new StopConditions { MaxNewTokens = AnswerTokens } });
        var text = "";
        await foreach (var output in turn.Output.ReadAllAsync(cancellationToken))
        {
            text += output.Text;
        }

        return (text, sequence);
    }

    /// <summary>Keys and values that are less exact than the model's own are rows of their own.</summary>
    private static string Name(InferenceEngine engine) =>
        engine.Description.StateType == DataType.Float8E4M3 ? $"{engine.Description.ModelName}-fp8" : engine.Description.ModelName;

    private static Dictionary<string, double> Reference(string? golden, string text)
    {
        if (golden is null)
        {
            return [];
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(golden));
        return document.RootElement.GetProperty("mean_nll_truncate").GetProperty(Path.GetFileName(text)).EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetDouble());
    }

    private void Add(BenchRow row)
    {
        _rows.Add(row);
        _table.Write(row);
    }

    private static string Home() => Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".";
}
