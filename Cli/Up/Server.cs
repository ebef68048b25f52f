using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansLM.Gateway.Hosting;
using OrleansLM.Hosting.Nodes;
using OrleansLM.Hosting.Telemetry;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Cli.Up;

/// <summary>A silo and a gateway in this process, serving.</summary>
public sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _logPath;

    private Server(WebApplication app, string logPath)
    {
        _app = app;
        _logPath = logPath;
    }

    /// <summary>Where the gateway listens, the port taken included.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public IServiceProvider Services => _app.Services;

    /// <summary>Loads the models, opens the log, takes the port. When this returns, clients are served.</summary>
    public static async Task<Server> StartAsync(UpSettings settings, CancellationToken cancellationToken)
    {
        settings.Engine.Validate();
        var builder = NodeHost.CreateBuilder();
        Configure(builder, settings);
        var app = builder.Build();
        app.MapOrleansLMGateway();
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new Server(app, app.Services.GetRequiredService<IOptions<SessionLogOptions>>().Value.Path);
    }

    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    public async Task PrintBannerAsync(TextWriter output)
    {
        foreach (var model in _app.Services.GetRequiredService<ModelRegistry>().All)
        {
            await output.WriteAsync(ModelBanner.Of(model));
        }

        await output.WriteLineAsync($"session log  {_logPath}");
        await output.WriteLineAsync($"listening on {Address.AbsoluteUri.TrimEnd('/')}  (gRPC; health and reflection included)");
        await output.WriteLineAsync("in another terminal: ./orleanslm chat");
        await output.FlushAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static void Configure(WebApplicationBuilder builder, UpSettings settings)
    {
        AddConfiguration(builder, settings);
        NodeLogging.Configure(builder.Logging, settings.JsonLogs, settings.LogLevel);
        builder.WebHost.ListenForClients(settings.Listen);
        builder.Host.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort.Take(), FreePort.Take());
            silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = "orleanslm");
        });
        builder.Services.AddOrleansLMSilo(builder.Configuration);
        builder.Services.PostConfigure<ServingOptions>(serving =>
        {
            foreach (var folder in settings.Models)
            {
                serving.Models.Add(new ModelOptions { Directory = folder, Engine = settings.Engine });
            }
        });
        builder.Services.AddOrleansLMGateway(builder.Configuration);
        if (settings.Otlp is { } endpoint)
        {
            builder.Services.AddHostedService(_ => new OtlpExport(endpoint));
        }
    }

    private static void AddConfiguration(WebApplicationBuilder builder, UpSettings settings)
    {
        builder.Configuration.AddInMemoryCollection([new("SessionLog:Path", Path.Combine(settings.DataDirectory, "sessions.db"))]);
        builder.Configuration.AddInMemoryCollection(SnapshotSettings(settings));
        if (settings.ConfigFile is { } file)
        {
            builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        builder.Configuration.AddEnvironmentVariables("ORLEANSLM_");
        builder.Configuration.AddInMemoryCollection(settings.Set.Select(SplitSetting));
    }

    private static IEnumerable<KeyValuePair<string, string?>> SnapshotSettings(UpSettings settings)
    {
        if (settings.SleepAfterSeconds is { } seconds)
        {
            yield return new("Snapshots:SleepAfter", seconds is >= 0 and <= 315_360_000
                ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture)
                : throw new ArgumentException($"--sleep-after is {seconds.ToString(CultureInfo.InvariantCulture)}; expected seconds in [0, 315360000]"));
        }

        if (settings.SnapshotQuotaMib is { } mib)
        {
            yield return new("Snapshots:QuotaBytes", mib is >= 0 and <= 1 << 30
                ? (mib << 20).ToString(CultureInfo.InvariantCulture)
                : throw new ArgumentException($"--snapshot-quota is {mib}; expected MiB in [0, {1 << 30}]"));
        }
    }

    private static KeyValuePair<string, string?> SplitSetting(string setting)
    {
        var at = setting.IndexOf('=', StringComparison.Ordinal);
        return at > 0
            ? new KeyValuePair<string, string?>(setting[..at], setting[(at + 1)..])
            : throw new ArgumentException($"--set {setting}: expected Section:Key=value");
    }
}
