using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime.Messaging;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds a cluster client to a host that is no silo. A silo's host has one of its own.</summary>
public static class OrleansClientGenericHostExtensions
{
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
    {
        Add(hostAppBuilder.Services, hostAppBuilder.Configuration, configureDelegate);
        return hostAppBuilder;
    }

    public static HostApplicationBuilder UseOrleansClient(this HostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
    {
        Add(hostAppBuilder.Services, hostAppBuilder.Configuration, configureDelegate);
        return hostAppBuilder;
    }

    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder, Action<IClientBuilder> configureDelegate)
        => hostBuilder.ConfigureServices((context, services) => Add(services, context.Configuration, configureDelegate));

    private static void AddClient(IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(IClusterClient)))
            throw new InvalidOperationException("This host has a cluster client already; a silo's host calls grains through its own.");

        services.AddOrleansCore();
        services.AddSingleton<ClientRuntime>();
        services.AddHostedService<ClientHostedService>();
    }

    private static void Add(IServiceCollection services, IConfiguration configuration, Action<IClientBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        if (!services.Any(s => s.ServiceType == typeof(ClientRuntime)))
            AddClient(services);
        configure(new ClientBuilder(services, configuration));
    }
}
