using Grpc.Core;
using OrleansLM.Cluster.Tests.Telemetry.Wire.Traces;

namespace OrleansLM.Cluster.Tests.Telemetry;

internal sealed class TraceCollection(Reports reports) : TraceService.TraceServiceBase
{
    public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
    {
        reports.Add(request);
        return Task.FromResult(new ExportTraceServiceResponse());
    }
}
