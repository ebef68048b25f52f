namespace OrleansLM.Gateway.Tests.Serving;

/// <summary>One server for all test classes of the collection.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public LiveServer Live { get; private set; } = null!;

    public async Task InitializeAsync() => Live = await LiveServer.StartAsync();

    public async Task DisposeAsync() => await Live.DisposeAsync();
}
