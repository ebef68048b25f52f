using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Orleans.Hosting;

/// <summary>Connects the client when its host starts.</summary>
internal sealed class ClientHostedService(IServiceProvider services) : IHostedService
{
    private ClientRuntime? _runtime;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<IGateways>() is null)
            throw new OrleansConfigurationException("The client does not know how to find the cluster: no clustering is configured.");

        _runtime = services.GetRequiredService<ClientRuntime>();
        await _runtime.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _runtime?.StopAsync() ?? Task.CompletedTask;
}
