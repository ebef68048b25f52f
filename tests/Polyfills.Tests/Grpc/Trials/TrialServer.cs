using System.Net;
using Grpc.AspNetCore.HealthChecks;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace OrleansLM.Polyfills.Tests.Grpc.Trials;

/// <summary>The trial service, with health and reflection, on a real socket.</summary>
public sealed class TrialServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TrialServer(WebApplication app) => _app = app;

    public TrialEvents Events => _app.Services.GetRequiredService<TrialEvents>();

    public IServiceProvider Services => _app.Services;

    public string Address => _app.Urls.First();

    public int Port => new Uri(Address).Port;

    public static async Task<TrialServer> StartAsync(
        Action<GrpcServiceOptions>? configure = null,
        Action<IGrpcServerBuilder>? services = null,
        Action<KestrelServerOptions>? listen = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(listen ?? (kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => options.Protocols = HttpProtocols.Http2)));
        builder.Services.AddSingleton<TrialEvents>();
        IGrpcServerBuilder grpc = builder.Services.AddGrpc(options => configure?.Invoke(options));
        services?.Invoke(grpc);
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks(MapHealth)
            .AddCheck("disk", () => HealthCheckResult.Healthy(), ["storage"])
            .AddCheck("tape", () => HealthCheckResult.Unhealthy(), ["archive"]);
        WebApplication app = builder.Build();
        app.MapGrpcService<TrialService>();
        app.MapGrpcHealthChecksService();
        app.MapGrpcReflectionService();
        await app.StartAsync();
        return new TrialServer(app);
    }

    public GrpcChannel Connect(Action<GrpcChannelOptions>? configure = null)
    {
        var options = new GrpcChannelOptions();
        configure?.Invoke(options);
        return GrpcChannel.ForAddress(Address, options);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private static void MapHealth(GrpcHealthChecksOptions options)
    {
        options.Services.Map("polyfills.trial.Trial", check => check.Tags.Contains("storage"));
        options.Services.Map("archive", check => check.Tags.Contains("archive"));
        options.Services.Map("nothing", _ => false);
    }
}
