using System.CommandLine;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Move;

/// <summary><c>bench move</c>: a long session goes from silo to silo while it generates; its ids must be those of one that stays.</summary>
internal sealed class MoveCommand
{
    private const double GoalMs = 200;

    private readonly Option<int> _tokens = new("--tokens") { Description = "Length of the session when it begins to move", DefaultValueFactory = _ => 16384 };
    private readonly Option<int> _moves = new("--moves") { Description = "How often it moves", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _between = new("--between") { Description = "Tokens generated between two moves", DefaultValueFactory = _ => 200 };
    private readonly Option<string> _model = new("--model") { Description = "Model folder", DefaultValueFactory = _ => "models/tiny-yarn-mistral-128k" };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };

    public static Command Create() => new MoveCommand().Build();

    private Command Build()
    {
        var command = new Command("move", "A long session moves between two silos while it generates: the pause, and that the ids are unchanged") { _tokens, _moves, _between, _model, _json };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var model = Path.GetFullPath(Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", parsed.GetValue(_model)!));
        await using var cluster = await LoopbackCluster.StartAsync(new LoopbackOptions
        {
            Program = typeof(MoveCommand).Assembly.Location,
            Model = model,
            Silos = 2,
            Gateways = 1,
            UsePostgres = PostgresServer.Missing is null,

            // Only what is asked for moves.
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=1073741824", "--Placement:RebalanceThreshold=10000"],
        });
        using var channel = ServerAddress.Connect(cluster.Gateways[0].Address!);
        var (sessions, control) = (new Sessions.SessionsClient(channel), new Contracts.V1.Cluster.ClusterClient(channel));
        var (moves, between) = (parsed.GetValue(_moves), parsed.GetValue(_between));
        var length = (moves + 1) * between;
        var stays = await MoveTurn.RunAsync(sessions, await CreateAsync(sessions, "stays", parsed.GetValue(_tokens), length, cancellationToken), _ => { }, cancellationToken);
        var reports = new List<Task<MoveReport>>();
        var request = await CreateAsync(sessions, "moves", parsed.GetValue(_tokens), length, cancellationToken);
        var moved = await MoveTurn.RunAsync(
            sessions,
            request,
            count =>
            {
                // One after the other, however long the one before takes.
                if (count % between == 0 && reports.Count < moves && reports.TrueForAll(report => report.IsCompleted))
                {
                    reports.Add(control.MoveAsync(new MoveRequest { SessionId = "moves" }, cancellationToken: cancellationToken).ResponseAsync);
                }
            },
            cancellationToken);
        return Report(parsed, Path.GetFileName(model), stays, moved, await Task.WhenAll(reports));
    }

    private int Report(ParseResult parsed, string model, MoveTurn stays, MoveTurn moved, MoveReport[] reports)
    {
        var failures = reports.Where(report => report.Failure.Length > 0).Select(report => report.Failure).ToList();
        var running = reports.Where(report => report.TurnId.Length > 0).ToList();
        var same = stays.Ids.SequenceEqual(moved.Ids);
        var pauses = running.Select(report => report.Pause.ToTimeSpan().TotalMilliseconds).Order().ToList();
        var gaps = moved.GapsMs.Skip(1).OrderDescending().Take(running.Count).Order().ToList();
        var name = $"move/{model}/{parsed.GetValue(_tokens)}";
        List<BenchRow> rows =
        [
            new($"{name}/moves", running.Count, "moves", Note: $"under generation, of {reports.Length}; {failures.Count} failed"),
            new($"{name}/same_ids", same ? 1 : 0, "", Note: $"{moved.Ids.Count} ids against {stays.Ids.Count} of a session that stays"),
            BenchRow.Cost($"{name}/pause/median", Median(pauses), "ms", GoalMs, "as the move reports it"),
            BenchRow.Cost($"{name}/pause/longest", pauses[^1], "ms", GoalMs),
            BenchRow.Cost($"{name}/client_gap/median", Median(gaps), "ms", GoalMs, "the longest gaps between two tokens that the client saw, one for each move"),
            BenchRow.Cost($"{name}/client_gap/longest", gaps[^1], "ms", GoalMs),
            new($"{name}/itl/median", Median([.. moved.GapsMs.Skip(1).Order()]), "ms"),
            new($"{name}/recomputed/median", Median([.. running.Select(report => (double)(report.Length - report.Carried)).Order()]), "tokens", Note: "came after the copy, or its last page"),
            new($"{name}/duration/median", Median([.. running.Select(report => report.Duration.ToTimeSpan().TotalMilliseconds).Order()]), "ms", Note: "with the copy"),
        ];
        new ReportTable(Console.Out).Write(BenchReport.Here(rows));
        failures.ForEach(Console.WriteLine);
        if (parsed.GetValue(_json) is { } json)
        {
            BenchReport.Here(rows).WriteJson(json);
        }

        return same && failures.Count == 0 ? 0 : 1;
    }

    private static async Task<GenerateRequest> CreateAsync(Sessions.SessionsClient sessions, string session, int tokens, int length, CancellationToken cancellationToken)
    {
        await sessions.CreateAsync(new CreateSessionRequest { SessionId = session }, cancellationToken: cancellationToken);
        var random = new Random(1);
        var request = new GenerateRequest
        {
            SessionId = session,
            Input = new Input { Tokens = new TokenIds() },
            Stop = new StopConditions { MaxTokens = length, IgnoreEos = true },
            Sampling = new SamplingParameters { Temperature = 0.8f, Seed = 7 },
        };
        request.Input.Tokens.Ids.AddRange(Enumerable.Range(0, tokens).Select(_ => random.Next(300, 1000)));
        return request;
    }

    private static double Median(List<double> sorted) => sorted.Count == 0 ? double.NaN : sorted[sorted.Count / 2];
}
