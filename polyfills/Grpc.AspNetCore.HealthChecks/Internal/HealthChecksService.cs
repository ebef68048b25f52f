using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks.Internal;

/// <summary>Check runs the checks that belong to the service; Watch begins with that and then follows what the publisher reports.</summary>
internal sealed class HealthChecksService(
    HealthServiceImpl published,
    HealthCheckService checks,
    IOptions<GrpcHealthChecksOptions> options) : Health.V1.Health.HealthBase
{
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (options.Value.UseHealthChecksCache)
        {
            return await published.Check(request, context).ConfigureAwait(false);
        }

        ServiceMapping mapping = Find(request.Service) ?? throw new RpcException(new Status(StatusCode.NotFound, ""));
        return new HealthCheckResponse { Status = await RunAsync(mapping, context.CancellationToken).ConfigureAwait(false) };
    }

    public override async Task Watch(
        HealthCheckRequest request,
        IServerStreamWriter<HealthCheckResponse> responseStream,
        ServerCallContext context)
    {
        if (!options.Value.UseHealthChecksCache && Find(request.Service) is { } mapping)
        {
            published.SetStatus(mapping.Name, await RunAsync(mapping, context.CancellationToken).ConfigureAwait(false));
        }

        await published.Watch(request, responseStream, context).ConfigureAwait(false);
    }

    private ServiceMapping? Find(string service) => options.Value.Services.FirstOrDefault(mapping => mapping.Name == service);

    private async Task<ServingStatus> RunAsync(ServiceMapping mapping, CancellationToken cancellationToken)
    {
        HealthReport report = await checks.CheckHealthAsync(
            registration => mapping.HealthCheckPredicate!(new HealthCheckMapContext(registration.Name, registration.Tags)),
            cancellationToken).ConfigureAwait(false);
        return ServingStatuses.Of(report.Entries.Values);
    }
}
