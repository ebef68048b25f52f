using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansLM.Contracts.Grains;

namespace OrleansLM.Gateway.Hosting;

/// <summary>Healthy when at least one model can be reached through the cluster.</summary>
public sealed class ModelsHealthCheck(IGrainFactory grains) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var models = await grains.GetGrain<IClusterGrain>(0).ListModelsAsync(cancellationToken);
            return models.Count > 0 ? HealthCheckResult.Healthy($"{models.Count} models") : HealthCheckResult.Unhealthy("no model is loaded");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return HealthCheckResult.Unhealthy("the cluster does not answer", error);
        }
    }
}
