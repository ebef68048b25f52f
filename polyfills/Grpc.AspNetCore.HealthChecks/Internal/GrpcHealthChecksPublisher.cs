using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.HealthChecks.Internal;

/// <summary>Tells watchers what the periodic run of the checks found.</summary>
internal sealed class GrpcHealthChecksPublisher(HealthServiceImpl health, IOptions<GrpcHealthChecksOptions> options) : IHealthCheckPublisher
{
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (ServiceMapping mapping in options.Value.Services)
        {
            health.SetStatus(mapping.Name, ServingStatuses.Of(ServingStatuses.Matching(report, mapping)));
        }

        return Task.CompletedTask;
    }
}
