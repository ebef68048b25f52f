using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;
using OrleansLM.Contracts.Grains;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>A whole silo, with Orleans, a log on disk and a fake engine.</summary>
internal sealed class SiloHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, TaskCompletionSource> _counted = [];

    private SiloHost(IHost host, FakeEngine engine)
    {
        (_host, Engine) = (host, engine);
        Grains = host.Services.GetRequiredService<IGrainFactory>();
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == SiloMetrics.Name && ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => Source(instrument.Name).TrySetResult());
        _listener.Start();
    }

    public FakeEngine Engine { get; }

    public IGrainFactory Grains { get; }

    public static async Task<SiloHost> StartAsync(string folder, FakeEngine? engine = null, Action<SessionOptions>? configure = null, TimeSpan? sleepAfter = null)
    {
        engine ??= new FakeEngine();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<IEngineLoader>(new FakeEngineLoader(engine));
        builder.Services.AddOrleansLMSilo(builder.Configuration);
        builder.Services.Configure<ServingOptions>(options => options.Models.Add(new ModelOptions { Directory = "unused", Name = "fake" }));
        builder.Services.Configure<SessionLogOptions>(options => options.Path = Path.Combine(folder, "sessions.db"));
        builder.Services.Configure<SessionOptions>(options => configure?.Invoke(options));
        builder.Services.Configure<SnapshotOptions>(options => options.SleepAfter = sleepAfter ?? options.SleepAfter);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort(), FreePort()));
        var host = new SiloHost(builder.Build(), engine);
        try
        {
            await host._host.StartAsync();
            return host;
        }
        catch
        {
            host._host.Dispose();
            throw;
        }
    }

    public ISessionGrain Session(string id) => Grains.GetGrain<ISessionGrain>(id);

    /// <summary>Until the counter has counted once since the start.</summary>
    public Task CountedAsync(string instrument) => Source(instrument).Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>What would be on the disk if the silo were killed now.</summary>
    public static void CopyLog(string from, string to)
    {
        foreach (var name in new[] { "sessions.db", "sessions.db-wal" })
        {
            File.Copy(Path.Combine(from, name), Path.Combine(to, name));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _listener.Dispose();
    }

    private TaskCompletionSource Source(string instrument)
    {
        lock (_counted)
        {
            if (!_counted.TryGetValue(instrument, out var source))
            {
                _counted[instrument] = source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return source;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
