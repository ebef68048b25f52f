using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Stages;

namespace OrleansLM.Silo.Diagnostics;

/// <summary>What this silo is in the cluster, measured when somebody looks: members, load, sessions by state, and the stages that it serves with their links.</summary>
internal sealed class ClusterMetrics(IMeterFactory factory, IClusterMembershipService membership, LocalLoad local, ActiveSessions active, StageNode stages) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = factory.Create(SiloMetrics.Name);
        meter.CreateObservableGauge("orleanslm.cluster.silos", Members, "{silo}", "Silos by status, as this silo knows");
        meter.CreateObservableGauge("orleanslm.silo.load", () => ClusterView.Score(local.Measure()), "{turn}", "What placement and balancing go by: turns that run and wait, and up to ten for pages in use");
        meter.CreateObservableGauge("orleanslm.silo.draining", () => local.IsDraining ? 1 : 0, "{silo}", "1 while the silo takes no sessions");
        meter.CreateObservableGauge("orleanslm.sessions.state", Sessions, "{session}", "Sessions in memory by state: running, awake (with computed state) or cold (without)");
        meter.CreateObservableGauge("orleanslm.stage.connected", () => OfStages(stage => stage.IsConnected ? 1 : 0), "{stage}", "1 while an engine uses the stage");
        meter.CreateObservableGauge("orleanslm.stage.memory", () => OfStages(stage => stage.Bytes), "By", "State and workspace of a stage; weights are mapped");
        meter.CreateObservableCounter("orleanslm.stage.steps", () => OfStages(stage => stage.Steps), "{step}", "Steps that a stage has run");
        meter.CreateObservableCounter("orleanslm.stage.busy", () => OfStages(stage => stage.Busy.TotalSeconds), "s", "Time that a stage has computed");
        meter.CreateObservableCounter("orleanslm.link.sent", () => OfStages(stage => stage.BytesSent), "By", "Bytes that a stage has sent over its links");
        meter.CreateObservableCounter("orleanslm.link.received", () => OfStages(stage => stage.BytesReceived), "By", "Bytes that a stage has received over its links");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<int>> Members() => membership.CurrentSnapshot.Members.Values
        .GroupBy(member => member.Status)
        .Select(group => new Measurement<int>(group.Count(), new KeyValuePair<string, object?>("status", group.Key.ToString().ToLowerInvariant())));

    private IEnumerable<Measurement<int>> Sessions()
    {
        var sessions = active.Locations();
        var running = sessions.Count(session => session.IsRunning);
        var awake = sessions.Count(session => !session.IsRunning && session.ComputedLength > 0);
        yield return new Measurement<int>(running, new KeyValuePair<string, object?>("state", "running"));
        yield return new Measurement<int>(awake, new KeyValuePair<string, object?>("state", "awake"));
        yield return new Measurement<int>(sessions.Count - running - awake, new KeyValuePair<string, object?>("state", "cold"));
    }

    private IEnumerable<Measurement<T>> OfStages<T>(Func<StageInUse, T> value)
        where T : struct => stages.Held.Select(stage => new Measurement<T>(
            value(stage),
            new KeyValuePair<string, object?>("pipeline", stage.Stage.Pipeline),
            new KeyValuePair<string, object?>("layers", $"{stage.Stage.Layers.Start}-{stage.Stage.Layers.End - 1}")));
}
