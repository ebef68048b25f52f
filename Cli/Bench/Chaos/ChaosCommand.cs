using System.CommandLine;
using OrleansLM.LocalCluster;

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
    private readonly Option<string> _model = new("--model") { Description = "Model folder", DefaultValueFactory = _ => "models/tiny-yarn-mistral-128k" };

    public static Command Create() => new ChaosCommand().Build();

    private Command Build()
    {
        _store.AcceptOnlyFromAmong("postgres", "sqlite");
        var command = new Command("chaos", "Kill, freeze and restart the processes of a cluster while sessions generate; every transcript must be the undisturbed run's")
        {
            _rounds, _sessions, _tokens, _silos, _gateways, _store, _seed, _model,
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
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=67108864"],
        });
        var run = new ChaosRun(cluster, parsed.GetValue(_sessions), parsed.GetValue(_tokens), new Random(parsed.GetValue(_seed)));
        await run.PrepareAsync(cancellationToken);
        var rounds = new List<ChaosRound>();
        for (var number = 1; number <= parsed.GetValue(_rounds); number++)
        {
            var round = await run.RoundAsync(number, cancellationToken);
            rounds.Add(round);
            Print(round);
        }

        Summarize(rounds);
        return rounds.TrueForAll(round => round.Wrong.Count == 0 && round.Errors.Count == 0) ? 0 : 1;
    }

    private static void Print(ChaosRound round)
    {
        Console.WriteLine($"round {round.Number,3}  {round.Fault,-16} longest pause {round.Pause.TotalSeconds,6:F2} s  {(round.Wrong.Count == 0 ? "all transcripts equal" : $"WRONG: {string.Join(' ', round.Wrong)}")}");
        round.Errors.ToList().ForEach(error => Console.WriteLine($"           {error}"));
    }

    private static void Summarize(List<ChaosRound> rounds)
    {
        foreach (var kind in rounds.GroupBy(round => round.Fault).OrderBy(group => group.Key))
        {
            var pauses = kind.Select(round => round.Pause.TotalSeconds).Order().ToList();
            Console.WriteLine($"{kind.Key,-16} {pauses.Count,4} rounds  pause median {pauses[pauses.Count / 2]:F2} s, longest {pauses[^1]:F2} s");
        }

        Console.WriteLine($"{rounds.Count} rounds, {rounds.Sum(round => round.Wrong.Count)} wrong transcripts, {rounds.Sum(round => round.Errors.Count)} client-visible errors");
    }
}
