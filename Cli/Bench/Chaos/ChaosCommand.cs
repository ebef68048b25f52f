using System.CommandLine;
using OrleansLM.LocalCluster;
using OrleansLM.LocalCluster.Network;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary><c>bench chaos</c>: a cluster of processes on loopback, in which processes die while sessions generate.</summary>
internal sealed class ChaosCommand
{
    private readonly Option<int> _rounds = new("--rounds") { Description = "Rounds, each with one fault", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _sessions = new("--sessions") { Description = "Sessions that generate at once", DefaultValueFactory = _ => 8 };
    private readonly Option<int> _tokens = new("--tokens") { Description = "Tokens of each turn", DefaultValueFactory = _ => 400 };
    private readonly Option<int> _silos = new("--silos") { Description = "Silos", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _gateways = new("--gateways") { Description = "Gateways", DefaultValueFactory = _ => 2 };
    private readonly Option<string> _store = new("--store") { Description = "postgres or sqlite (default: what there is)", DefaultValueFactory = _ => PostgresServer.Missing is null ? "postgres" : "sqlite" };
    private readonly Option<int> _seed = new("--seed") { Description = "Of the faults and their moments", DefaultValueFactory = _ => 1 };
    private readonly Option<ChaosFault[]> _only = new("--only") { Description = "Only these faults", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => Enum.GetValues<ChaosFault>() };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };
    private readonly Option<string?> _log = new("--log") { Description = "Folder for what the nodes wrote, a file a round" };
    private readonly Option<string> _model = new("--model") { Description = "Model folder", DefaultValueFactory = _ => "models/tiny-yarn-mistral-128k" };

    public static Command Create() => new ChaosCommand().Build();

    private Command Build()
    {
        _store.AcceptOnlyFromAmong("postgres", "sqlite");
        var command = new Command("chaos", "Kill, freeze, restart and cut off the processes of a cluster while sessions generate; every transcript must be the undisturbed run's")
        {
            _rounds, _sessions, _tokens, _silos, _gateways, _store, _seed, _only, _json, _log, _model,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var cluster = await LoopbackCluster.StartAsync(new LoopbackOptions
        {
            Program = typeof(ChaosCommand).Assembly.Location,
            Model = Path.GetFullPath(Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", parsed.GetValue(_model)!)),
            Silos = parsed.GetValue(_silos),
            Gateways = parsed.GetValue(_gateways),
            UsePostgres = parsed.GetValue(_store) == "postgres",
            UseNetwork = SwitchedNetwork.Missing() is null,
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=67108864"],
        });
        var random = new Random(parsed.GetValue(_seed));
        var run = new ChaosRun(cluster, parsed.GetValue(_sessions), parsed.GetValue(_tokens), random);
        await run.PrepareAsync(cancellationToken);
        var faults = ChaosPlan.Possible(cluster, parsed.GetValue(_only)!, (fault, reason) => Console.WriteLine($"left out: {fault}, because {reason}"));
        var rounds = new List<ChaosRound>();
        foreach (var fault in ChaosPlan.Draw(faults, parsed.GetValue(_rounds), random))
        {
            var round = await run.RoundAsync(rounds.Count + 1, fault, cancellationToken);
            rounds.Add(round);
            Console.WriteLine(round.Describe());
            await KeepLogAsync(parsed.GetValue(_log), cluster, round, cancellationToken);
        }

        var rows = ChaosSummary.Rows(rounds);
        new ReportTable(Console.Out).Write(BenchReport.Here(rows));
        if (parsed.GetValue(_json) is { } json)
        {
            BenchReport.Here(rows).WriteJson(json);
        }

        return rounds.TrueForAll(round => round.IsGood) ? 0 : 1;
    }

    private static async Task KeepLogAsync(string? folder, LoopbackCluster cluster, ChaosRound round, CancellationToken cancellationToken)
    {
        var log = cluster.TakeErrors();
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, $"round-{round.Number}-{round.Fault}.txt"), log, cancellationToken);
        }
    }
}
