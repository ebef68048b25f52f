using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Manifest;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>What silos and clients have in common.</summary>
internal static class CoreServices
{
    public static void AddOrleansCore(this IServiceCollection services)
    {
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DeepCopier>();
        services.TryAddSingleton<GrainReferences>();
        services.TryAddSingleton<GrainTypeResolver>();
        services.TryAddSingleton<IGrainFactory, GrainFactory>();
        services.TryAddSingleton<IClusterClient, ClusterClient>();
    }
}
