using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Scheduling;

namespace Orleans;

/// <summary>Base of grain classes. All members are for use on the activation's own turns.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    protected Grain()
        => GrainContext = GrainTaskScheduler.CurrentContext
            ?? throw new InvalidOperationException("Grains are created by the runtime: call them through a grain factory.");

    public IGrainContext GrainContext { get; }

    public GrainReference GrainReference => GrainContext.GrainReference;

    public string IdentityString => GrainContext.GrainId.ToString();

    /// <summary>The silo that this activation is on.</summary>
    public string RuntimeIdentity => GrainContext.Address.SiloAddress!.ToString();

    protected IGrainFactory GrainFactory => ServiceProvider.GetRequiredService<IGrainFactory>();

    protected internal IServiceProvider ServiceProvider => GrainContext.ActivationServices;

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation when the requests that run now are done; later calls go to a new one.</summary>
    protected void DeactivateOnIdle() => ((IGrainBase)this).DeactivateOnIdle();

    /// <summary>Moves this activation to another silo when the requests that run now are done, if placement chooses another one.</summary>
    protected void MigrateOnIdle() => ((IGrainBase)this).MigrateOnIdle();

    /// <summary>Keeps this activation from being collected for at least this long; a negative span takes that back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => ((ICollectibleContext)GrainContext).DelayDeactivation(timeSpan);
}
