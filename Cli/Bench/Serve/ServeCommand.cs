using System.CommandLine;
using OrleansLM.Cli.Client;
using OrleansLM.Cli.Up;
using OrleansLM.Contracts.V1;
using OrleansLM.Engine.Runtime;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Serve;

/// <summary><c>bench serve</c>: load over gRPC against a server of its own, or one that runs.</summary>
internal sealed class ServeCommand
{
    private readonly Option<Uri?> _server = new("--server") { Description = "A running server (default: one is started in this process on a port of its own)", CustomParser = ServerAddress.Parse };
    private readonly Option<string> _model = new("--model") { Description = "Model folder of the own server", DefaultValueFactory = _ => Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", "models", "tiny-yarn-mistral-128k") };
    private readonly Option<int[]> _sessions = new("--sessions") { Description = "Numbers of sessions at once", DefaultValueFactory = _ => [1, 8, 32], AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> _prompt = new("--prompt-tokens") { Description = "Length of each prompt", DefaultValueFactory = _ => 256 };
    private readonly Option<int> _output = new("--output-tokens") { Description = "Tokens generated in each session", DefaultValueFactory = _ => 128 };
    private readonly Option<int> _rounds = new("--rounds") { Description = "Paired rounds for the cost per token over the bare engine", DefaultValueFactory = _ => 9 };
    private readonly Option<int?> _threads = new("--threads") { Description = "Worker threads of the own server's engine (default: all cores)" };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };

    public static Command Create() => new ServeCommand().Build();

    private Command Build()
    {
        var command = new Command("serve", "Load over gRPC: throughput, TTFT, inter-token latency, and the cost per token over the bare engine")
        {
            _server, _model, _sessions, _prompt, _output, _rounds, _threads, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var rows = new List<BenchRow>();
        var table = new ReportTable(Console.Out);
        var data = Directory.CreateTempSubdirectory("orleanslm-bench-");
        try
        {
            await using var own = parsed.GetValue(_server) is null ? await StartAsync(parsed.GetValue(_model)!, parsed.GetValue(_threads), data.FullName, cancellationToken) : null;
            using var channel = ServerAddress.Connect(parsed.GetValue(_server) ?? own!.Address);
            var model = await new Models.ModelsClient(channel).GetAsync(new GetModelRequest(), cancellationToken: cancellationToken);
            var load = new LoadGenerator(new Sessions.SessionsClient(channel), model.VocabularySize);
            Console.WriteLine($"{MachineDescription.Here()}; {model.Name}");
            table.WriteHeader();
            await load.RunAsync(new LoadShape(2, 64, 32), seed: 1, cancellationToken);
            if (own is not null)
            {
                Add(rows, table, await AddedCost.MeasureAsync(own, load, parsed.GetValue(_output), parsed.GetValue(_rounds), cancellationToken));
            }

            foreach (var count in parsed.GetValue(_sessions)!)
            {
                var shape = new LoadShape(count, parsed.GetValue(_prompt), parsed.GetValue(_output));
                Add(rows, table, Rows(shape, await load.RunAsync(shape, seed: 1000 * count, cancellationToken)));
            }
        }
        finally
        {
            data.Delete(recursive: true);
        }

        if (parsed.GetValue(_json) is { } path)
        {
            BenchReport.Here(rows).WriteJson(path);
        }

        return 0;
    }

    private static Task<Server> StartAsync(string model, int? threads, string data, CancellationToken cancellationToken) => Server.StartAsync(
        new UpSettings { Models = [model], Listen = new Uri("http://127.0.0.1:0"), DataDirectory = data, Engine = new EngineOptions { StateBytes = 1L << 30, Threads = threads }, LogLevel = LogLevel.Error },
        cancellationToken);

    private static IEnumerable<BenchRow> Rows(LoadShape shape, LoadResult result)
    {
        var name = $"serve/{shape.Sessions}x{shape.PromptTokens}+{shape.OutputTokens}";
        yield return new BenchRow($"{name}/throughput", result.Tokens / result.Seconds, "tok/s", Note: $"{result.Tokens} tokens in {result.Seconds:F2} s");
        foreach (var percent in new[] { 50, 95, 99 })
        {
            yield return new BenchRow($"{name}/ttft/p{percent}", LoadResult.Percentile(result.TimeToFirstToken, percent) * 1e3, "ms");
        }

        foreach (var percent in new[] { 50, 95, 99 })
        {
            yield return new BenchRow($"{name}/itl/p{percent}", LoadResult.Percentile(result.InterTokenLatency, percent) * 1e3, "ms");
        }
    }

    private static void Add(List<BenchRow> rows, ReportTable table, IEnumerable<BenchRow> more)
    {
        foreach (var row in more)
        {
            rows.Add(row);
            table.Write(row);
        }
    }
}
