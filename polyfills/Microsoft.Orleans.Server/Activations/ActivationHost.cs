using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace Orleans.Runtime.Activations;

/// <summary>What activations need of their silo.</summary>
internal sealed partial class ActivationHost(IServiceProvider services, SiloRuntime runtime, Catalog catalog, ILogger<Activation> logger)
{
    public IServiceProvider Services { get; } = services;

    public SiloRuntime Runtime { get; } = runtime;

    public Catalog Catalog { get; } = catalog;

    public ILogger Logger { get; } = logger;

    public ILocalSiloDetails Silo { get; } = services.GetRequiredService<ILocalSiloDetails>();

    public IClusterMembershipService Membership { get; } = services.GetRequiredService<IClusterMembershipService>();

    public IActivationDirectory Directory { get; } = services.GetRequiredService<IActivationDirectory>();

    public IPeerSilos Peers { get; } = services.GetRequiredService<IPeerSilos>();

    public PlacementService Placement { get; } = services.GetRequiredService<PlacementService>();

    public GrainReferences References { get; } = services.GetRequiredService<GrainReferences>();

    public DeepCopier Copier { get; } = services.GetRequiredService<DeepCopier>();

    public TimeProvider Time { get; } = services.GetRequiredService<TimeProvider>();

    public GrainCollectionOptions Collection { get; } = services.GetRequiredService<IOptions<GrainCollectionOptions>>().Value;

    public int MaxEnqueuedRequests { get; } = services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.MaxEnqueuedRequestsHardLimit;

    public IIncomingGrainCallFilter[] IncomingFilters { get; } = [.. services.GetServices<IIncomingGrainCallFilter>()];
}
