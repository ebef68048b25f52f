using Microsoft.Extensions.Hosting;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Hosting;

/// <summary>Opens the session log before the silo starts and closes it after it has stopped.</summary>
internal sealed class SessionLogHost(ISessionLog log) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => log.OpenAsync(cancellationToken);

    public async Task StoppedAsync(CancellationToken cancellationToken) => await log.DisposeAsync();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
