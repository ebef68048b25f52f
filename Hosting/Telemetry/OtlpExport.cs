using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OrleansLM.Hosting.Telemetry;

/// <summary>Sends this process's spans and metrics to a collector for as long as the host runs.</summary>
public sealed class OtlpExport(Uri endpoint, string? instance = null) : IHostedService, IDisposable
{
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

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _tracer?.ForceFlush();
        _meter?.ForceFlush();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _tracer?.Dispose();
        _meter?.Dispose();
    }
}
