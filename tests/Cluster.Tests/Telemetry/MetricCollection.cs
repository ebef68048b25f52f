using Grpc.Core;
using OrleansLM.Cluster.Tests.Telemetry.Wire.Metrics;

namespace OrleansLM.Cluster.Tests.Telemetry;

internal sealed class MetricCollection(Reports reports) : MetricsService.MetricsServiceBase
{
    public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
    {
        reports.Add(request);
        return Task.FromResult(new ExportMetricsServiceResponse());
    }
}
