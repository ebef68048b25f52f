using Grpc.Core;
using Grpc.Net.Client;
using OrleansLM.Cli.Client;
using OrleansLM.Cli.Up;
using OrleansLM.Contracts.V1;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Gateway.Tests.Serving;

/// <summary>The whole server in this process with the tiny model, on a free port of the loopback, and clients that reach it through the socket.</summary>
public sealed class LiveServer : IAsyncDisposable
{
    private readonly string _data;
    private readonly Server _server;
    private readonly GrpcChannel _channel;

    private LiveServer(string data, Server server)
    {
        _data = data;
        _server = server;
        _channel = ServerAddress.Connect(server.Address);
    }

    public Uri Address => _server.Address;

    public ChannelBase Channel => _channel;

    public Sessions.SessionsClient Sessions => new(_channel);

    public Models.ModelsClient Models => new(_channel);

    public Contracts.V1.Cluster.ClusterClient Cluster => new(_channel);

    public static async Task<LiveServer> StartAsync(EngineOptions? engine = null, params string[] settings)
    {
        var data = Directory.CreateTempSubdirectory("orleanslm-gateway-").FullName;
        try
        {
            var server = await Server.StartAsync(
                new UpSettings
                {
                    Models = [Repository.TinyModel],
                    Listen = new Uri("http://127.0.0.1:0"),
                    DataDirectory = data,
                    Engine = engine ?? new EngineOptions { StateBytes = 64 << 20 },
                    Set = settings,
                },
                CancellationToken.None);
            return new LiveServer(data, server);
        }
        catch
        {
            Directory.Delete(data, recursive: true);
            throw;
        }
    }

    /// <summary>A new session that holds the text.</summary>
    public async Task<Session> OpenAsync(string? text = null)
    {
        var session = await Sessions.CreateAsync(new CreateSessionRequest());
        if (text is not null)
        {
            using var call = Sessions.Append(new AppendRequest { SessionId = session.SessionId, Input = new Input { Text = text } });
            await ReceivedTurn.ReadAsync(call);
        }

        return await Sessions.GetAsync(new GetSessionRequest { SessionId = session.SessionId });
    }

    /// <summary>Generates to the end.</summary>
    public async Task<ReceivedTurn> GenerateAsync(GenerateRequest request)
    {
        using var call = Sessions.Generate(request);
        return await ReceivedTurn.ReadAsync(call);
    }

    public async Task<int[]> HistoryAsync(string sessionId) =>
        [.. (await Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = sessionId })).TokenIds];

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
