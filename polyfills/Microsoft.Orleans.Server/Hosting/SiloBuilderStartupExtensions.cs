using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Hosting;

public static class SiloBuilderStartupExtensions
{
    /// <summary>Runs a task when the silo gets to a stage; its failure fails the start.</summary>
    public static ISiloBuilder AddStartupTask(
        this ISiloBuilder builder, Func<IServiceProvider, CancellationToken, Task> startupTask, int stage = ServiceLifecycleStage.Active)
    {
        builder.Services.AddTransient<ILifecycleParticipant<ISiloLifecycle>>(s => new StartupTaskParticipant(stage, ct => startupTask(s, ct)));
        return builder;
    }

    public static ISiloBuilder AddStartupTask<TStartup>(this ISiloBuilder builder, int stage = ServiceLifecycleStage.Active)
        where TStartup : class, IStartupTask
        => builder.AddStartupTask((services, ct) => ActivatorUtilities.GetServiceOrCreateInstance<TStartup>(services).Execute(ct), stage);
}
