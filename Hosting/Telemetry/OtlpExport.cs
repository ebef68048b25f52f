using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OrleansLM.Hosting.Telemetry;

/// <summary>Sends this process's spans and metrics to a collector for as long as the host runs.</summary>
public sealed class OtlpExport(Uri endpoint, string? instance = null) : IHostedService, IDisposable
{
    private const int LastWordsMilliseconds = 2_000;

    private TracerProvider? _tracer;
    private MeterProvider? _meter;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("orleanslm", serviceInstanceId: instance ?? $"{Environment.MachineName}-{Environment.ProcessId}", autoGenerateServiceInstanceId: false, serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString());
        _tracer = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource("OrleansLM.*", "Microsoft.AspNetCore", "Microsoft.Orleans.*")
            .AddOtlpExporter(options => options.Endpoint = endpoint)
            .Build();
        _meter = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter("OrleansLM.*", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Microsoft.Orleans")
            .AddOtlpExporter(options => options.Endpoint = endpoint)
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>What the other services report while they stop is sent too, at the end.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what has not been sent yet. A collector that does not answer loses it, and holds nobody up.</summary>
    public void Dispose()
    {
        Parallel.Invoke(() => _tracer?.Shutdown(LastWordsMilliseconds), () => _meter?.Shutdown(LastWordsMilliseconds));
        _tracer?.Dispose();
        _meter?.Dispose();
    }
}
