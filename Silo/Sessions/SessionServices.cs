using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Sessions;

/// <summary>What every session of a silo shares.</summary>
public sealed class SessionServices(
    ISessionLog log,
    ModelRegistry models,
    ForkHandover handover,
    ActiveSessions active,
    IOptions<SessionOptions> options,
    TimeProvider time,
    SiloMetrics metrics,
    ILogger<SessionGrain> logger,
    ILocalSiloDetails? silo = null,
    SessionSnapshots? snapshots = null,
    PromptAffinity? affinity = null)
{
    public ISessionLog Log { get; } = log;

    public ModelRegistry Models { get; } = models;

    public ForkHandover Handover { get; } = handover;

    public ActiveSessions Active { get; } = active;

    public SessionOptions Options { get; } = options.Value;

    public TimeProvider Time { get; } = time;

    public SiloMetrics Metrics { get; } = metrics;

    /// <summary>Address of this silo; null outside of a cluster.</summary>
    public SiloAddress? Silo { get; } = silo?.SiloAddress;

    /// <summary>This silo as the log names it; empty outside of a cluster.</summary>
    public string Owner { get; } = silo?.SiloAddress.ToParsableString() ?? "";

    /// <summary>Null: sessions do not sleep.</summary>
    public SessionSnapshots? Snapshots { get; } = snapshots is { IsEnabled: true } ? snapshots : null;

    /// <summary>Null: sessions begin where they were placed.</summary>
    public PromptAffinity? Affinity { get; } = affinity;

    public ILogger Logger { get; } = logger;

    public DateTimeOffset Now => Time.GetUtcNow();
}
