using System.CommandLine;
using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using ClusterClient = OrleansLM.Contracts.V1.Cluster.ClusterClient;

namespace OrleansLM.Cli.Cluster;

/// <summary><c>cluster</c>: what the cluster consists of, and moving sessions about in it.</summary>
public sealed class ClusterCommand
{
    private readonly Option<Uri[]> _server = ServerAddress.Option();
    private readonly Option<bool> _json = new("--json") { Description = "Write JSON, with the field names of cluster.proto" };

    public static Command Create() => new ClusterCommand().Build();

    private Command Build() => new("cluster", "Look at a running cluster, plan its stages, drain silos, move sessions")
    {
        Look("status", "The silos and how busy they are", (client, stop) => client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: stop), ClusterTables.Status),
        Topology(),
        Look("sessions", "The sessions in memory, and where", (client, stop) => client.ListSessionsAsync(new ListLocationsRequest(), cancellationToken: stop), ClusterTables.Sessions),
        Plan(),
        Move(),
        OfSilo("drain", "Move all sessions away from a silo, which takes none from then on; then it can be stopped", DrainAsync),
        OfSilo("undrain", "Let a drained silo take sessions again", UndrainAsync),
    };

    private Command Topology()
    {
        var watch = new Option<bool>("--watch") { Description = "Print it again whenever it changes; with --json one object a line" };
        var command = new Command("topology", "Silos, the models that they serve, and their stages") { _server, watch, _json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed,
            async (client, _, stop) => parsed.GetValue(watch)
                ? await WatchAsync(client, parsed, stop)
                : Write(parsed, await client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: stop), ClusterTables.Topology),
            cancellationToken));
        return command;
    }

    private Command Plan()
    {
        var model = new Option<string>("--model") { Description = "Only this model", DefaultValueFactory = _ => "" };
        var stages = new Option<int>("--stages") { Description = "The model cut anew into so many stages, [1, 1024]; with --apply [2, 1024]" };
        var apply = new Option<bool>("--apply") { Description = "Carry the plan out: pipelines whose stages belong elsewhere connect anew, turns go on with the same tokens" };
        var command = new Command("plan", "Where the planner puts the stages of models, before anything moves") { model, stages, apply, _server, _json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed,
            async (client, _, stop) =>
            {
                var request = new PlanRequest { Model = parsed.GetValue(model), Stages = parsed.GetValue(stages), Apply = parsed.GetValue(apply) };
                var plan = await client.PlanAsync(request, cancellationToken: stop);
                return Write(parsed, plan, ClusterTables.Plan) | (plan.Pipelines.Any(pipeline => pipeline.Problem.Length > 0) ? 1 : 0);
            },
            cancellationToken));
        return command;
    }

    private Command Move()
    {
        var session = new Argument<string>("session") { Description = "The session's id" };
        var to = new Option<string>("--to") { Description = "Name or address of a silo (default: the least busy other one)", DefaultValueFactory = _ => "" };
        var command = new Command("move", "Move a session to another silo; a turn that runs goes on there") { session, to, _server, _json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed,
            async (client, _, stop) =>
            {
                var report = await client.MoveAsync(new MoveRequest { SessionId = parsed.GetValue(session), Target = parsed.GetValue(to) }, cancellationToken: stop);
                return Write(parsed, report, ClusterTables.Move) | (report.Failure.Length > 0 ? 1 : 0);
            },
            cancellationToken));
        return command;
    }

    private Command OfSilo(string name, string description, Func<ClusterClient, string, ParseResult, CancellationToken, Task<int>> run)
    {
        var silo = new Argument<string>("silo") { Description = "Its name or address" };
        var command = new Command(name, description) { silo, _server, _json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (client, _, stop) => run(client, parsed.GetValue(silo)!, parsed, stop), cancellationToken));
        return command;
    }

    private Command Look<T>(string name, string description, Func<ClusterClient, CancellationToken, AsyncUnaryCall<T>> ask, Func<T, string> show)
        where T : IMessage
    {
        var command = new Command(name, description) { _server, _json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async (client, _, stop) => Write(parsed, await ask(client, stop), show), cancellationToken));
        return command;
    }

    private int Write<T>(ParseResult parsed, T answer, Func<T, string> show)
        where T : IMessage
    {
        parsed.InvocationConfiguration.Output.Write(parsed.GetValue(_json) ? ClusterJson.Write(answer) : show(answer));
        return 0;
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

    private async Task<int> WatchAsync(ClusterClient client, ParseResult parsed, CancellationToken stop)
    {
        using var call = client.WatchTopology(new WatchTopologyRequest(), cancellationToken: stop);
        while (await call.ResponseStream.MoveNext(stop))
        {
            var topology = call.ResponseStream.Current;
            parsed.InvocationConfiguration.Output.Write(parsed.GetValue(_json) ? ClusterJson.WriteLine(topology) : ClusterTables.Topology(topology));
        }

        return 0;
    }

    /// <summary>Reports as the sessions move; as JSON one object a line.</summary>
    private async Task<int> DrainAsync(ClusterClient client, string silo, ParseResult parsed, CancellationToken stop)
    {
        using var call = client.Drain(new DrainRequest { Silo = silo }, cancellationToken: stop);
        var output = parsed.InvocationConfiguration.Output;
        var (moved, stayed) = (0, 0);
        while (await call.ResponseStream.MoveNext(stop))
        {
            var report = call.ResponseStream.Current;
            output.Write(parsed.GetValue(_json) ? ClusterJson.WriteLine(report) : ClusterTables.Move(report));
            (moved, stayed) = report.Failure.Length > 0 ? (moved, stayed + 1) : (moved + 1, stayed);
        }

        if (!parsed.GetValue(_json))
        {
            output.WriteLine($"{silo} is drained: {moved} sessions moved, {stayed} stayed");
        }

        return stayed == 0 ? 0 : 1;
    }

    private async Task<int> UndrainAsync(ClusterClient client, string silo, ParseResult parsed, CancellationToken stop) =>
        Write(parsed, await client.UndrainAsync(new UndrainRequest { Silo = silo }, cancellationToken: stop), _ => $"{silo} takes sessions again{Environment.NewLine}");
}
