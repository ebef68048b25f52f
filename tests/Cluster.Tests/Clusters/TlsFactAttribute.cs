using Orleans.Hosting;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>A test whose nodes show each other certificates: Orleans' own packages do that by one that some registries lack.</summary>
internal sealed class TlsFactAttribute : FactAttribute
{
    public TlsFactAttribute()
    {
        var orleans = typeof(ISiloBuilder).Assembly.GetName().Name!;
        var security = typeof(OrleansConnectionSecurityHostingExtensions).Assembly.GetName().Name!;
        if (!orleans.StartsWith("Microsoft.", StringComparison.Ordinal) && security.StartsWith("Microsoft.", StringComparison.Ordinal))
        {
            Skip = "Orleans came from the registry, and Microsoft.Orleans.Connections.Security is not in it";
        }
    }
}
