using System.Collections.ObjectModel;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Clustering.InProcess;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Messaging;

namespace Orleans.TestingHost;

/// <summary>A cluster of several silos and a client in this process. It owns what they share.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable
{
    private readonly InProcessCluster _shared = new();
    private readonly List<InProcessSiloHandle> _silos = [];
    private readonly List<InProcessSiloHandle> _started = [];
    private IHost? _client;
    private short _nextNumber;

    internal InProcessTestCluster(InProcessTestClusterOptions options) => Options = options;

    public InProcessTestClusterOptions Options { get; }

    public IClusterClient Client
        => _client?.Services.GetRequiredService<IClusterClient>() ?? throw new InvalidOperationException("The cluster's client has not been started.");

    /// <summary>The silos that have been started and not stopped.</summary>
    public ReadOnlyCollection<InProcessSiloHandle> Silos
    {
        get
        {
            lock (_silos)
                return new List<InProcessSiloHandle>(_silos).AsReadOnly();
        }
    }

    /// <summary>Starts the first silos and the client.</summary>
    public async Task DeployAsync()
    {
        await StartSilosAsync(Options.InitialSilosCount);
        if (Options.InitializeClientOnDeploy)
            await InitializeClientAsync();
    }

    public async Task InitializeClientAsync()
    {
        HostApplicationBuilder builder = CreateHostBuilder();
        builder.UseOrleansClient(client => client.Configure<ClusterOptions>(SetCluster));
        builder.Services.AddSingleton<IMessageTransport>(_shared.Transport);
        builder.Services.AddSingleton<IGateways>(_shared.Table);
        builder.Services.AddSingleton<IClusterManifests>(_shared.Peers);
        foreach (Action<IHostApplicationBuilder> configure in Options.ClientHostConfigurationDelegates)
            configure(builder);
        _client = builder.Build();
        await _client.StartAsync();
    }

    public async Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart)
    {
        var started = new List<InProcessSiloHandle>();
        for (int i = 0; i < silosToStart; i++)
            started.Add(await StartAdditionalSiloAsync());
        return started;
    }

    public Task<InProcessSiloHandle> StartAdditionalSiloAsync()
    {
        short number = _nextNumber++;
        return StartAsync(number, number == 0 ? "Primary" : $"Secondary_{number}");
    }

    /// <summary>Stops a silo and starts one with the same name; null when it is not one of this cluster's.</summary>
    public async Task<InProcessSiloHandle?> RestartSiloAsync(InProcessSiloHandle instance)
    {
        if (!Silos.Contains(instance))
            return null;

        await StopSiloAsync(instance);
        return await StartAsync(instance.InstanceNumber, instance.Name);
    }

    /// <summary>Stops a silo in good order: its activations end, and their grains are activated elsewhere when they are called again.</summary>
    public async Task StopSiloAsync(InProcessSiloHandle instance)
    {
        Forget(instance);
        await instance.StopSiloAsync(stopGracefully: true);
    }

    /// <summary>Ends a silo as if its process had been killed.</summary>
    public async Task KillSiloAsync(InProcessSiloHandle instance)
    {
        Forget(instance);
        await instance.StopSiloAsync(stopGracefully: false);
    }

    public async Task StopSilosAsync()
    {
        foreach (InProcessSiloHandle silo in Silos.Reverse())
            await StopSiloAsync(silo);
    }

    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync();
        await StopSilosAsync();
    }

    public async Task StopClusterClientAsync()
    {
        if (Interlocked.Exchange(ref _client, null) is not { } client)
            return;

        await client.StopAsync();
        client.Dispose();
    }

    public InProcessSiloHandle? GetSiloForAddress(SiloAddress siloAddress) => Silos.FirstOrDefault(s => s.SiloAddress.Equals(siloAddress));

    /// <summary>The services of a silo; of the first one when none is named.</summary>
    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
    {
        InProcessSiloHandle? handle = silo is null ? Silos.FirstOrDefault() : GetSiloForAddress(silo);
        return handle?.ServiceProvider ?? throw new ArgumentException($"The cluster has no silo {silo}.", nameof(silo));
    }

    /// <summary>Until all silos agree on the membership.</summary>
    public async Task WaitForLivenessToStabilizeAsync(bool didKill = false)
    {
        foreach (InProcessSiloHandle silo in Silos)
            await silo.ServiceProvider.GetRequiredService<IClusterMembershipService>().Refresh();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAllSilosAsync();
        foreach (InProcessSiloHandle silo in _started)
            await silo.DisposeAsync();
        _started.Clear();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task<InProcessSiloHandle> StartAsync(short number, string name)
    {
        var options = new InProcessTestSiloSpecificOptions { SiloName = name, SiloPort = 11111 + number, GatewayPort = 30000 + number };
        HostApplicationBuilder builder = CreateHostBuilder();
        builder.Services.UseInProcessCluster(_shared);
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(SetCluster)
            .Configure<SiloOptions>(o => o.SiloName = name)
            .ConfigureEndpoints(IPAddress.Loopback, options.SiloPort, options.GatewayPort));
        foreach (Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configure in Options.SiloHostConfigurationDelegates)
            configure(options, builder);
        IHost host = builder.Build();
        await host.StartAsync();
        return Remember(host, number, name);
    }

    private InProcessSiloHandle Remember(IHost host, short number, string name)
    {
        var silo = host.Services.GetRequiredService<ILocalSiloDetails>();
        var handle = new InProcessSiloHandle
        {
            SiloHost = host,
            Name = name,
            InstanceNumber = number,
            SiloAddress = silo.SiloAddress,
            GatewayAddress = silo.GatewayAddress,
        };
        lock (_silos)
            _silos.Add(handle);
        _started.Add(handle);
        return handle;
    }

    private void Forget(InProcessSiloHandle silo)
    {
        lock (_silos)
            _silos.Remove(silo);
    }

    private static HostApplicationBuilder CreateHostBuilder() => new(new HostApplicationBuilderSettings { DisableDefaults = true });

    private void SetCluster(ClusterOptions options)
    {
        options.ClusterId = Options.ClusterId;
        options.ServiceId = Options.ServiceId;
    }
}
