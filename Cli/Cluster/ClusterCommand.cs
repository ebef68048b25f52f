using System.CommandLine;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using Spectre.Console;
using ClusterClient = OrleansLM.Contracts.V1.Cluster.ClusterClient;

namespace OrleansLM.Cli.Cluster;

/// <summary><c>cluster</c>: what the cluster consists of, and moving sessions about in it.</summary>
internal sealed class ClusterCommand
{
    private readonly Option<Uri[]> _server = ServerAddress.Option();

    public static Command Create() => new ClusterCommand().Build();

    private Command Build() => new("cluster", "Look at a running cluster, drain silos, move sessions")
    {
        Action("status", "The silos and how busy they are", StatusAsync),
        Topology(),
        Action("sessions", "The sessions in memory, and where", SessionsAsync),
        Move(),
        OfSilo("drain", "Move all sessions away from a silo, which takes none from then on; then it can be stopped", DrainAsync),
        OfSilo("undrain", "Let a drained silo take sessions again", UndrainAsync),
    };

    private Command Topology()
    {
        var watch = new Option<bool>("--watch") { Description = "Print it again whenever it changes" };
        var command = new Command("topology", "Silos, the models that they serve, and their stages") { _server, watch };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (client, _, stop) => parsed.GetValue(watch) ? WatchAsync(client, stop) : TopologyAsync(client, stop), cancellationToken));
        return command;
    }

    private Command Move()
    {
        var session = new Argument<string>("session") { Description = "The session's id" };
        var to = new Option<string>("--to") { Description = "Name or address of a silo (default: the least busy other one)", DefaultValueFactory = _ => "" };
        var command = new Command("move", "Move a session to another silo; a turn that runs goes on there") { session, to, _server };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed, (client, _, stop) => MoveAsync(client, new MoveRequest { SessionId = parsed.GetValue(session), Target = parsed.GetValue(to) }, stop), cancellationToken));
        return command;
    }

    private Command OfSilo(string name, string description, Func<ClusterClient, string, CancellationToken, Task<int>> run)
    {
        var silo = new Argument<string>("silo") { Description = "Its name or address" };
        var command = new Command(name, description) { silo, _server };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (client, _, stop) => run(client, parsed.GetValue(silo)!, stop), cancellationToken));
        return command;
    }

    private Command Action(string name, string description, Func<ClusterClient, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, description) { _server };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (client, _, stop) => run(client, stop), cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<ClusterClient, ParseResult, CancellationToken, Task<int>> run, CancellationToken cancellationToken)
    {
        using var channel = ServerAddress.Connect(parsed.GetValue(_server)!);
        try
        {
            return await run(new ClusterClient(channel), parsed, cancellationToken);
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.Cancelled)
        {
            await Console.Error.WriteLineAsync($"orleanslm cluster: {error.Status.Detail} ({error.StatusCode})");
            return 1;
        }
    }

    private static async Task<int> StatusAsync(ClusterClient client, CancellationToken stop)
    {
        AnsiConsole.Write(ClusterTables.Status(await client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: stop)));
        return 0;
    }

    private static async Task<int> TopologyAsync(ClusterClient client, CancellationToken stop)
    {
        AnsiConsole.Write(ClusterTables.Topology(await client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: stop)));
        return 0;
    }

    private static async Task<int> WatchAsync(ClusterClient client, CancellationToken stop)
    {
        using var call = client.WatchTopology(new WatchTopologyRequest(), cancellationToken: stop);
        while (await call.ResponseStream.MoveNext(stop))
        {
            AnsiConsole.Write(ClusterTables.Topology(call.ResponseStream.Current));
        }

        return 0;
    }

    private static async Task<int> SessionsAsync(ClusterClient client, CancellationToken stop)
    {
        AnsiConsole.Write(ClusterTables.Sessions(await client.ListSessionsAsync(new ListLocationsRequest(), cancellationToken: stop)));
        return 0;
    }

    private static async Task<int> MoveAsync(ClusterClient client, MoveRequest request, CancellationToken stop) =>
        Print(await client.MoveAsync(request, cancellationToken: stop));

    private static async Task<int> DrainAsync(ClusterClient client, string silo, CancellationToken stop)
    {
        using var call = client.Drain(new DrainRequest { Silo = silo }, cancellationToken: stop);
        var (moved, stayed) = (0, 0);
        while (await call.ResponseStream.MoveNext(stop))
        {
            _ = Print(call.ResponseStream.Current) == 0 ? moved++ : stayed++;
        }

        Console.WriteLine($"{silo} is drained: {moved} sessions moved, {stayed} stayed");
        return stayed == 0 ? 0 : 1;
    }

    private static async Task<int> UndrainAsync(ClusterClient client, string silo, CancellationToken stop)
    {
        await client.UndrainAsync(new UndrainRequest { Silo = silo }, cancellationToken: stop);
        Console.WriteLine($"{silo} takes sessions again");
        return 0;
    }

    private static int Print(MoveReport report)
    {
        Console.WriteLine(report.Failure.Length > 0
            ? $"{report.SessionId} stayed on {report.From}: {report.Failure}"
            : $"{report.SessionId}: {report.From} -> {report.To}, {report.Length} tokens ({report.Carried} copied ahead), {report.Duration.ToTimeSpan().TotalMilliseconds:F0} ms"
                + (report.TurnId.Length > 0 ? $", its turn stood still for {report.Pause.ToTimeSpan().TotalMilliseconds:F0} ms" : ""));
        return report.Failure.Length > 0 ? 1 : 0;
    }
}
