using Grpc.Net.Client;

namespace OrleansLM.Polyfills.Tests.Grpc.Trials;

/// <summary>One server with default options and one channel to it, for the tests of a class.</summary>
public sealed class TrialFixture : IAsyncLifetime
{
    public TrialServer Server { get; private set; } = null!;

    public GrpcChannel Channel { get; private set; } = null!;

    public Trial.TrialClient Client => new(Channel);

    public async Task InitializeAsync()
    {
        Server = await TrialServer.StartAsync();
        Channel = Server.Connect();
    }

    public async Task DisposeAsync()
    {
        Channel.Dispose();
        await Server.DisposeAsync();
    }
}
