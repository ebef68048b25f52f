using Grpc.Net.Client;
using OrleansLM.Cli.Client;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Cluster.Tests.Recovery;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>A cluster of processes, a client of all its gateways, and what undisturbed runs give.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    /// <summary>Enough that what disturbs a turn comes while it runs.</summary>
    private const int Tokens = 300;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly GrpcChannel _channel;
    private readonly Dictionary<int, ReceivedTurn> _references = [];

    private TestCluster(LoopbackCluster nodes)
    {
        Nodes = nodes;
        _channel = ServerAddress.Connect([.. nodes.Gateways.Select(gateway => gateway.Address!)]);
    }

    public LoopbackCluster Nodes { get; }

    public Sessions.SessionsClient Sessions => new(_channel);

    public Contracts.V1.Cluster.ClusterClient Cluster => new(_channel);

    public static Task<TestCluster> StartAsync(bool usePostgres, int silos = 3, int gateways = 2, params string[] settings) => StartAsync(usePostgres, false, silos, gateways, settings);

    /// <summary>Silos stand on hosts of a network that can be cut.</summary>
    public static Task<TestCluster> StartOnNetworkAsync(int silos, int gateways) => StartAsync(PostgresServer.Missing is null, true, silos, gateways, []);

    /// <summary>One silo and one gateway with settings for both.</summary>
    public static async Task<TestCluster> StartSmallAsync(params string[] settings) => new(await LoopbackCluster.StartAsync(new LoopbackOptions
    {
        Program = Path.Combine(AppContext.BaseDirectory, "OrleansLM.Cli.dll"),
        Model = Repository.TinyModel,
        Silos = 1,
        Gateways = 1,
        Settings = settings,
        SiloSettings = ["--Serving:Models:0:Engine:StateBytes=67108864"],
    }));

    private static async Task<TestCluster> StartAsync(bool usePostgres, bool useNetwork, int silos, int gateways, string[] settings) => new(await LoopbackCluster.StartAsync(new LoopbackOptions
    {
        UseNetwork = useNetwork,
        Program = Path.Combine(AppContext.BaseDirectory, "OrleansLM.Cli.dll"),
        Model = Repository.TinyModel,
        Silos = silos,
        Gateways = gateways,
        UsePostgres = usePostgres,
        // Probes are patient, because the machine that runs the tests is busy; gateways and clients as well.
        Settings = ["--Gateway:FailoverTimeout=00:02:00"],
        SiloSettings = ["--Cluster:ProbeTimeout=00:00:04", "--Cluster:MissedProbes=3", "--Serving:Models:0:Engine:StateBytes=67108864", .. settings],
    }));

    /// <summary>Starts what does not run: what a test killed, and what the cluster gave up because the machine was too busy to answer its probes.</summary>
    public Task RepairAsync() => Task.WhenAll(Nodes.Silos.Concat(Nodes.Gateways).Where(node => !node.IsRunning).Select(node => node.StartAsync(s_patience)));

    /// <summary>The turn as it is when nothing disturbs it; made once.</summary>
    public async Task<ReceivedTurn> ReferenceAsync(int kind)
    {
        if (!_references.TryGetValue(kind, out var reference))
        {
            _references[kind] = reference = await RunAsync(await CreateAsync($"undisturbed-{kind}"), kind, _ => Task.CompletedTask);
            Assert.NotNull(reference.Finished);
        }

        return reference;
    }

    public async Task<string> CreateAsync(string session) => (await Sessions.CreateAsync(new CreateSessionRequest { SessionId = session })).SessionId;

    /// <summary>Runs a turn as the CLI would, and tells of every event.</summary>
    public async Task<ReceivedTurn> RunAsync(string session, int kind, Func<ReceivedTurn, Task> received)
    {
        var turn = new ResilientTurn(Sessions, session) { Patience = s_patience };
        var result = new ReceivedTurn();
        var request = Generations.Create(kind, session);
        request.Stop.MaxTokens = Tokens;
        await foreach (var item in turn.GenerateAsync(request, CancellationToken.None))
        {
            result.Take(item);
            await received(result);
        }

        return result;
    }

    /// <summary>Runs a turn over one stream that nothing makes anew: an error of the gateway's is an error here.</summary>
    public async Task<ReceivedTurn> StreamAsync(string session, int kind, Func<ReceivedTurn, Task> received)
    {
        var request = Generations.Create(kind, session);
        request.Stop.MaxTokens = Tokens;
        using var call = Sessions.Generate(request);
        var result = new ReceivedTurn();
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            result.Take(call.ResponseStream.Current);
            await received(result);
        }

        return result;
    }

    /// <summary>The turn came out as the undisturbed one, with every token once, and the session's history is the same.</summary>
    public async Task AssertEqualAsync(ReceivedTurn reference, ReceivedTurn found, string session)
    {
        Assert.True(reference.Tokens.SequenceEqual(found.Tokens), $"session {session}\nexpected {Shown(reference)}\nfound    {Shown(found)}\n{Nodes.Errors}");
        Assert.Equal(reference.Text, found.Text);
        var history = await Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session });
        Assert.Equal(reference.Ids, history.TokenIds.Skip(reference.Started!.PromptTokens));
    }

    /// <summary>The silo that has the session in memory.</summary>
    public async Task<NodeProcess> OwnerAsync(string session)
    {
        var response = await Cluster.ListSessionsAsync(new ListLocationsRequest());
        var location = response.Sessions.Single(location => location.SessionId == session);
        return Nodes.Silos.Single(silo => silo.Name == location.Silo);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await Nodes.DisposeAsync();
    }

    private static string Shown(ReceivedTurn turn) => string.Join(' ', turn.Tokens.Select(token => $"{token.Offset}:{token.Id}"));
}
