using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using OrleansLM.Silo.Cluster;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Postgres;
using OrleansLM.Silo.Log.Sqlite;
using OrleansLM.Silo.Membership;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Moving;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Stages;

namespace OrleansLM.Silo.Hosting;

/// <summary>Composition: what a silo consists of. The caller sets Orleans itself up with <c>UseOrleans</c>.</summary>
public static class SiloServices
{
    /// <summary>
    /// Models, session log and sessions. Options come from the sections <c>Serving</c>, <c>Sessions</c>, <c>SessionLog</c> and <c>Snapshots</c> and are checked at start;
    /// what is configured in code later wins.
    /// </summary>
    public static IServiceCollection AddOrleansLMSilo(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<SiloMetrics>();
        services.AddSingleton<SiloClock>();
        return services.AddModels(configuration).AddSessionLog(configuration).AddSessions(configuration).AddPlacement(configuration).AddStages(configuration);
    }

    private static IServiceCollection AddModels(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ServingOptions>().Bind(configuration.GetSection("Serving")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServingOptions>, ServingOptionsValidator>();
        services.TryAddSingleton<IEngineLoader, CheckpointEngineLoader>();
        services.AddSingleton<ModelRegistry>();
        return services.AddHostedService<ModelHost>();
    }

    private static IServiceCollection AddSessionLog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SessionLogOptions>().Bind(configuration.GetSection("SessionLog")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SessionLogOptions>, SessionLogOptionsValidator>();
        services.AddOptions<SessionLogOptions>().Validate(
            log => log.Kind != SessionLogKind.Postgres || !string.IsNullOrWhiteSpace(log.ConnectionString),
            "SessionLog:ConnectionString: not set; expected one such as Host=127.0.0.1;Database=orleanslm;Username=orleanslm, because SessionLog:Kind is Postgres");
        services.TryAddSingleton(CreateLog);
        return services.AddHostedService<SessionLogHost>();
    }

    private static ISessionLog CreateLog(IServiceProvider services) =>
        services.GetRequiredService<IOptions<SessionLogOptions>>().Value.Kind == SessionLogKind.Postgres
            ? ActivatorUtilities.CreateInstance<PostgresSessionLog>(services)
            : ActivatorUtilities.CreateInstance<SqliteSessionLog>(services);

    private static IServiceCollection AddPlacement(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PlacementOptions>().Bind(configuration.GetSection(PlacementOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PlacementOptions>, PlacementOptionsValidator>();
        services.AddPlacementDirector<SessionPlacement, SessionPlacementDirector>();
        services.AddPlacementDirector<PinnedPlacement, PinnedPlacementDirector>();
        services.AddSingleton<ClusterView>();
        services.AddSingleton<PeerSigns>();
        services.AddSingleton<ModelAgreement>();
        services.AddSingleton<LocalLoad>();
        services.AddSingleton<KnownBeginnings>();
        services.AddSingleton<PromptAffinity>();
        services.AddSingleton<SessionMover>();
        services.AddSingleton<StateCourier>();
        services.AddHostedService<LoadExchange>();
        services.AddHostedService<Rebalancer>();
        return services.AddHostedService<DrainAtStop>();
    }

    private static IServiceCollection AddStages(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StageSettings>().Bind(configuration.GetSection(StageSettings.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<StageSettings>, StageSettingsValidator>();
        services.AddSingleton<PipelineTable>();
        services.AddSingleton<WholeReplicas>();
        services.AddSingleton<StageNode>();
        services.AddHostedService(provider => provider.GetRequiredService<StageNode>());
        services.AddHostedService<ClusterMetrics>();
        return services.AddHostedService<PipelineHost>();
    }

    private static IServiceCollection AddSessions(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SessionOptions>().Bind(configuration.GetSection("Sessions")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SessionOptions>, SessionOptionsValidator>();
        services.AddSingleton<ForkHandover>();
        services.AddSingleton<ActiveSessions>();
        services.AddOptions<SnapshotOptions>().Bind(configuration.GetSection("Snapshots")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SnapshotOptions>, SnapshotOptionsValidator>();
        services.TryAddSingleton<ISnapshotStore, FileSnapshotStore>();
        services.AddSingleton<SessionSnapshots>();
        services.AddHostedService<SessionSleeper>();
        services.AddHostedService<SnapshotKeeper>();
        services.AddSingleton<SessionServices>();
        return services.AddHostedService<SessionKeeper>();
    }
}
