using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Hosting;

/// <summary>Ready: in the cluster, and taking sessions with a model, or serving stages only.</summary>
internal sealed class SiloHealthCheck(IClusterMembershipService membership, ILocalSiloDetails silo, ModelRegistry models, LocalLoad load, IOptions<ServingOptions> serving) : IHealthCheck
{
    private bool ServesStagesOnly => serving.Value.Models.Count > 0 && serving.Value.Models.All(model => model.Pipeline is { IsHead: false });

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress);
        return Task.FromResult(status != SiloStatus.Active ? HealthCheckResult.Unhealthy($"the silo is {status}")
            : models.All.Count == 0 && !ServesStagesOnly ? HealthCheckResult.Unhealthy("no model is loaded")
            : load.IsDraining ? HealthCheckResult.Unhealthy("the silo drains")
            : HealthCheckResult.Healthy());
    }
}
