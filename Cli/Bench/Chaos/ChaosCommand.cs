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
    private readonly Option<string> _model = new("--model") { Description = "Model folder", DefaultValueFactory = _ => "models/tiny-yarn-mistral-128k" };

    public static Command Create() => new ChaosCommand().Build();

    private Command Build()
    {
        _store.AcceptOnlyFromAmong("postgres", "sqlite");
        var command = new Command("chaos", "Kill, freeze, restart and cut off the processes of a cluster while sessions generate; every transcript must be the undisturbed run's")
        {
            _rounds, _sessions, _tokens, _silos, _gateways, _store, _seed, _only, _json, _model,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var noNetwork = SwitchedNetwork.Missing();
        Console.WriteLine(noNetwork is null ? "silos run in network namespaces" : $"no network is cut: {noNetwork}");
        await using var cluster = await LoopbackCluster.StartAsync(new LoopbackOptions
        {
            Program = typeof(ChaosCommand).Assembly.Location,
            Model = Path.GetFullPath(Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", parsed.GetValue(_model)!)),
            Silos = parsed.GetValue(_silos),
            Gateways = parsed.GetValue(_gateways),
            UsePostgres = parsed.GetValue(_store) == "postgres",
            UseNetwork = noNetwork is null,
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=67108864"],
        });
        var run = new ChaosRun(cluster, parsed.GetValue(_sessions), parsed.GetValue(_tokens), new Random(parsed.GetValue(_seed)), parsed.GetValue(_only)!);
        await run.PrepareAsync(cancellationToken);
        var rounds = new List<ChaosRound>();
        for (var number = 1; number <= parsed.GetValue(_rounds); number++)
        {
            var round = await run.RoundAsync(number, cancellationToken);
            rounds.Add(round);
            Print(round);
        }

        var rows = ChaosSummary.Rows(rounds);
        new ReportTable(Console.Out).Write(BenchReport.Here(rows));
        if (parsed.GetValue(_json) is { } json)
        {
            BenchReport.Here(rows).WriteJson(json);
        }

        return rounds.TrueForAll(round => round.Wrong.Count == 0 && round.Errors.Count == 0) ? 0 : 1;
    }

    private static void Print(ChaosRound round)
    {
        Console.WriteLine($"round {round.Number,3}  {round.Fault,-16} longest pause {round.Pause.TotalSeconds,6:F2} s  {(round.Wrong.Count == 0 ? "all transcripts equal" : $"WRONG: {string.Join(' ', round.Wrong)}")}  {(round.Started.Count == 0 ? "" : $"started again: {string.Join(' ', round.Started)}")}");
        round.Errors.ToList().ForEach(error => Console.WriteLine($"           {error}"));
    }
}
