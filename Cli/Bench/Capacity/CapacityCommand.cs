using System.CommandLine;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Capacity;

/// <summary><c>bench sessions</c>: very many sessions that lie idle and some that generate, on one silo: what they cost, and whether new ones wait for them.</summary>
internal sealed class CapacityCommand
{
    private readonly Option<int> _idle = new("--idle") { Description = "Sessions that are made, answer once, and lie idle", DefaultValueFactory = _ => 10_000 };
    private readonly Option<int> _active = new("--active") { Description = "Sessions that generate at once beside them", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _tokens = new("--tokens") { Description = "Tokens of each of those", DefaultValueFactory = _ => 64 };
    private readonly Option<int> _clients = new("--clients") { Description = "Sessions that are made at once", DefaultValueFactory = _ => 4 };
    private readonly Option<string> _model = new("--model") { Description = "Model folder", DefaultValueFactory = _ => "models/tiny-yarn-mistral-128k" };
    private readonly Option<string?> _json = new("--json") { Description = "File for the rows" };

    public static Command Create() => new CapacityCommand().Build();

    private Command Build()
    {
        var command = new Command("sessions", "Idle sessions in thousands and active ones beside them: memory, and the latency of new sessions") { _idle, _active, _tokens, _clients, _model, _json };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var cluster = await LoopbackCluster.StartAsync(new LoopbackOptions
        {
            Program = typeof(CapacityCommand).Assembly.Location,
            Model = Path.GetFullPath(Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", parsed.GetValue(_model)!)),
            Silos = 1,
            Gateways = 1,
            UsePostgres = PostgresServer.Missing is null,
            Settings = ["--Node:LogLevel=Warning"],
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=268435456"],
        });
        using var channel = ServerAddress.Connect(cluster.Gateways[0].Address!);
        var load = new CapacityLoad(new Sessions.SessionsClient(channel));
        var memory = new ProcessMemory(cluster.Silos[0].ProcessId);
        await load.IdleAsync("warm", 64, parsed.GetValue(_clients), cancellationToken);
        var before = memory.ResidentMib();
        var idle = await load.IdleAsync("idle", parsed.GetValue(_idle), parsed.GetValue(_clients), cancellationToken);
        var after = memory.ResidentMib();
        var began = TimeProvider.System.GetTimestamp();
        var active = Task.WhenAll(Enumerable.Range(0, parsed.GetValue(_active)).Select(i => load.ActiveAsync($"active-{i}", parsed.GetValue(_tokens), cancellationToken)));
        var beside = await load.IdleAsync("beside", 100, 1, cancellationToken);
        await active;
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var name = $"sessions/{idle.Count}";
        var part = Math.Max(1, Math.Min(1000, idle.Count / 2));
        var (first, last) = (Median(idle.Take(part)), Median(idle.TakeLast(part)));
        List<BenchRow> rows =
        [
            new($"{name}/silo_before", before, "MiB", Note: "resident, with the model and 64 sessions"),
            new($"{name}/silo_after", after, "MiB", Note: "resident, with all idle sessions"),
            new($"{name}/per_idle_session", (after - before) * 1024 / idle.Count, "KiB"),
            new($"{name}/new_session/first", first, "ms", Note: $"made and answered with a token, median of the first {part}"),
            BenchRow.Cost($"{name}/new_session/last", last, "ms", first, $"median of the last {part}, against the first"),
            new($"{name}/new_session/beside_active", Median(beside), "ms", Note: $"median of {beside.Count} while {parsed.GetValue(_active)} generate"),
            new($"{name}/active/throughput", parsed.GetValue(_active) * parsed.GetValue(_tokens) / seconds, "tok/s", Note: $"{parsed.GetValue(_active)} sessions, {parsed.GetValue(_tokens)} tokens each"),
            new($"{name}/silo_active", memory.ResidentMib(), "MiB", Note: "resident, after those"),
        ];
        var report = BenchReport.Here(rows);
        new ReportTable(Console.Out).Write(report);
        if (parsed.GetValue(_json) is { } json)
        {
            report.WriteJson(json);
        }

        return 0;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
