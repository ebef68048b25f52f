using System.CommandLine;
using System.Diagnostics;
using OrleansLM.Cli.Local;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.State;

/// <summary><c>bench state</c>: a session's state to disk and back, against computing it again; and that it goes on with the same tokens.</summary>
internal sealed class StateCommand
{
    private const int Wakes = 5;
    private const int Generated = 8;
    private const double Goal = 10;

    private readonly LocalModelOptions _local = new();
    private readonly Option<int> _tokens = new("--tokens") { Description = "Length of the session", DefaultValueFactory = _ => 32768 };
    private readonly Option<string?> _folder = new("--folder") { Description = "Folder that the snapshot is written to (default: the system's for temporary files)" };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };
    private readonly List<BenchRow> _rows = [];
    private readonly ReportTable _table = new(Console.Out);

    public static Command Create() => new StateCommand().Build();

    private Command Build()
    {
        var command = new Command("state", "Sleep and wake of a session, against computing its state again; the tokens must be the same") { _tokens, _folder, _json };
        _local.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var tokens = parsed.GetValue(_tokens);
        using var model = LocalModel.Open(_local.Model(parsed));
        await using var engine = model.Load(_local.Engine(parsed), tokens + Generated + 1, remote: null);
        Console.WriteLine($"{MachineDescription.Here()}; {engine.Description.ModelName}");
        _table.WriteHeader();
        var path = Path.Combine(parsed.GetValue(_folder) ?? Path.GetTempPath(), $"orleanslm-bench-{Guid.NewGuid():N}.state");
        try
        {
            await MeasureAsync(engine, tokens, path, cancellationToken);
        }
        finally
        {
            File.Delete(path);
        }

        if (parsed.GetValue(_json) is { } json)
        {
            BenchReport.Here(_rows).WriteJson(json);
        }

        return 0;
    }

    private async Task MeasureAsync(InferenceEngine engine, int tokens, string path, CancellationToken cancellationToken)
    {
        int[] ids = [.. Enumerable.Range(0, tokens).Select(i => 3 + (int)((uint)(i * 7919) % (engine.Config.VocabularySize - 3)))];
        var name = $"state/{engine.Description.ModelName}/{tokens}";
        var (recompute, expected) = await ComputeAsync(engine, ids, path, name, cancellationToken);
        var wakes = new List<double>();
        for (var i = 0; i < Wakes; i++)
        {
            await using var sequence = engine.CreateSequence(ids);
            wakes.Add(await WakeAsync(sequence, path, cancellationToken));
            var again = i == 0 ? await GenerateAsync(sequence, cancellationToken) : expected;
            if (!again.SequenceEqual(expected))
            {
                throw new InvalidOperationException($"after waking, the session went on with {string.Join(' ', again)} instead of {string.Join(' ', expected)}");
            }
        }

        var wake = wakes.Order().ElementAt(Wakes / 2);
        Add(new BenchRow($"{name}/wake", wake * 1000, "ms", Note: $"median of {Wakes}, file in the page cache; same {Generated} tokens afterwards"));
        Add(BenchRow.Of($"{name}/wake_against_recompute", recompute / wake, "x", Goal, "recompute / wake"));
    }

    private async Task<(double Seconds, int[] Generated)> ComputeAsync(InferenceEngine engine, int[] ids, string path, string name, CancellationToken cancellationToken)
    {
        await using var sequence = engine.CreateSequence(ids);
        var began = Stopwatch.GetTimestamp();
        await RunAsync(sequence, 0, cancellationToken);
        var recompute = Stopwatch.GetElapsedTime(began).TotalSeconds;
        began = Stopwatch.GetTimestamp();
        await using (var export = await sequence.ExportAsync(cancellationToken: cancellationToken))
        {
            await using var file = File.Create(path, 1 << 16);
            await StateWriter.WriteAsync(export, file, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        var sleep = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var bytes = new FileInfo(path).Length;
        Add(new BenchRow($"{name}/bytes", bytes / 1048576.0, "MiB", Note: $"{bytes} bytes"));
        Add(new BenchRow($"{name}/recompute", recompute * 1000, "ms", Note: $"{ids.Length / recompute:F0} tok/s"));
        Add(new BenchRow($"{name}/sleep", sleep * 1000, "ms", Note: $"{bytes / sleep / 1e9:F2} GB/s, flushed to the disk"));
        return (recompute, await GenerateAsync(sequence, cancellationToken));
    }

    private static async Task<double> WakeAsync(IEngineSequence sequence, string path, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await using var file = new FileStream(path, new FileStreamOptions { BufferSize = 1 << 16, Options = FileOptions.SequentialScan });
        await sequence.ImportAsync(await StateReader.OpenAsync(file, cancellationToken), cancellationToken: cancellationToken);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static Task<int[]> GenerateAsync(IEngineSequence sequence, CancellationToken cancellationToken) => RunAsync(sequence, Generated, cancellationToken);

    private static async Task<int[]> RunAsync(IEngineSequence sequence, int max, CancellationToken cancellationToken)
    {
        var ids = new List<int>();
        var turn = sequence.Submit(new TurnRequest { Tokens = default, Stop = new() { MaxNewTokens = max, IgnoreEos = true } });
        await foreach (var output in turn.Output.ReadAllAsync(cancellationToken))
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                ids.Add(output.Token.TokenId);
            }
        }

        return [.. ids];
    }

    private void Add(BenchRow row)
    {
        _rows.Add(row);
        _table.Write(row);
    }
}
