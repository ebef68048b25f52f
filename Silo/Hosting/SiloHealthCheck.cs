using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Hosting;

/// <summary>Ready: in the cluster, with a model, and taking sessions.</summary>
internal sealed class SiloHealthCheck(IClusterMembershipService membership, ILocalSiloDetails silo, ModelRegistry models, LocalLoad load) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress);
        return Task.FromResult(status != SiloStatus.Active ? HealthCheckResult.Unhealthy($"the silo is {status}")
            : models.All.Count == 0 ? HealthCheckResult.Unhealthy("no model is loaded")
            : load.IsDraining ? HealthCheckResult.Unhealthy("the silo drains")
            : HealthCheckResult.Healthy());
    }
}
