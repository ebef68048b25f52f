using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Grpc.AspNetCore.HealthChecks.Internal;

/// <summary>From the results of ASP.NET Core's checks to the serving status of a service.</summary>
internal static class ServingStatuses
{
    /// <summary>That of the worst check. A degraded service still serves; of one without checks nothing is known.</summary>
    public static ServingStatus Of(IEnumerable<HealthReportEntry> results) => results
        .Select(result => result.Status == HealthStatus.Unhealthy ? ServingStatus.NotServing : ServingStatus.Serving)
        .DefaultIfEmpty(ServingStatus.Unknown)
        .Max();

    public static IEnumerable<HealthReportEntry> Matching(HealthReport report, ServiceMapping mapping) => report.Entries
        .Where(entry => mapping.HealthCheckPredicate!(new HealthCheckMapContext(entry.Key, entry.Value.Tags)))
        .Select(entry => entry.Value);
}
