using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using OrleansLM.Cli.Inspect;
using OrleansLM.Contracts.V1;
using WireSilo = OrleansLM.Contracts.V1.Silo;

namespace OrleansLM.Cli.Cluster;

/// <summary>The cluster as tables for people, each with its title.</summary>
internal static class ClusterTables
{
    public static string Status(Topology topology)
    {
        var table = new PlainTable("silo", "address", "status", "zone", "run", "wait", "sessions", "pages");
        foreach (var silo in topology.Silos)
        {
            table.Row([silo.Name, NodeAddress.Short(silo.Address), StatusOf(silo), .. silo.Load is { } load
                ? new[] { load.Zone, $"{load.RunningTurns}", $"{load.WaitingTurns}", $"{load.Sessions}", Percent(load.PagesUsed) }
                : ["", "", "", "", ""]]);
        }

        return Titled($"cluster {topology.ClusterId}", table);
    }

    public static string Topology(Topology topology)
    {
        var table = new PlainTable("silo", "status", "model", "layers", "device", "pages", "generated", "backend");
        foreach (var silo in topology.Silos)
        {
            if (silo.Pipelines.Count == 0)
            {
                table.Row(silo.Name, StatusOf(silo), "", "", "", "", "", "");
            }

            foreach (var pipeline in silo.Pipelines)
            {
                Add(table, silo, pipeline);
            }
        }

        return Titled($"cluster {topology.ClusterId}", table);
    }

    public static string Sessions(ListLocationsResponse sessions)
    {
        var table = new PlainTable("session", "silo", "model", "tokens", "computed", "turn");
        foreach (var session in sessions.Sessions)
        {
            table.Row(session.SessionId, session.Silo, session.Model, $"{session.Length}", $"{session.ComputedLength}", session.Running ? "runs" : "");
        }

        return Titled($"{sessions.Sessions.Count} sessions in memory", table);
    }

    /// <summary>What became of one session that was to move: a line.</summary>
    public static string Move(MoveReport report)
    {
        if (report.Failure.Length > 0)
        {
            return $"{report.SessionId} stayed on {NodeAddress.Short(report.From)}: {report.Failure}{Environment.NewLine}";
        }

        var pause = report.TurnId.Length > 0 ? $", its turn stood still for {Milliseconds(report.Pause)}" : "";
        return $"{report.SessionId}: {NodeAddress.Short(report.From)} -> {NodeAddress.Short(report.To)}, {report.Length} tokens ({report.Carried} copied ahead), {Milliseconds(report.Duration)}{pause}{Environment.NewLine}";
    }

    public static string Plan(PlanResponse plan)
    {
        var devices = new PlainTable("silo", "device", "zone", "memory", "free", "reads", "stages");
        foreach (var device in plan.Devices)
        {
            var reads = (device.BytesPerSecond / 1e9).ToString("0.0 GB/s", CultureInfo.InvariantCulture);
            devices.Row(device.Silo, device.Device, device.Zone, ByteSize.Format(device.Bytes), Signed(device.FreeBytes), reads, device.Draining ? "drains" : device.ServesStages ? "yes" : "no");
        }

        return string.Concat(plan.Pipelines.Select(Plan)) + Titled("what the plan leaves free", devices);
    }

    private static string Plan(PlannedPipeline pipeline)
    {
        if (pipeline.Problem.Length > 0)
        {
            return $"{pipeline.Pipeline}: cannot be placed: {pipeline.Problem}{Environment.NewLine}{Environment.NewLine}";
        }

        var table = new PlainTable("layers", "silo", "device", "weights", "state", "time", "share", "change");
        foreach (var stage in pipeline.Stages)
        {
            table.Row(
                $"{stage.FirstLayer}-{stage.EndLayer - 1}", stage.Silo, stage.Device, ByteSize.Format(stage.WeightBytes), ByteSize.Format(stage.StateBytes),
                stage.Seconds == 0 ? "" : $"{(stage.Seconds * 1e3).ToString("0.00", CultureInfo.InvariantCulture)} ms", Percent(stage.Share), stage.Change.ToString().ToLowerInvariant());
        }

        var stages = pipeline.Stages.Count == 1 ? "1 stage" : $"{pipeline.Stages.Count} stages";
        return Titled($"{pipeline.Pipeline}: {stages}{(pipeline.Applied ? ", connects anew" : "")}", table) + Environment.NewLine;
    }

    /// <summary>A row for each stage; what is the same as above is left out.</summary>
    private static void Add(PlainTable table, WireSilo silo, Pipeline pipeline)
    {
        for (var i = 0; i < pipeline.Stages.Count; i++)
        {
            var (stage, isFirst) = (pipeline.Stages[i], i == 0);
            table.Row(
                isFirst ? silo.Name : "",
                isFirst ? StatusOf(silo) : "",
                isFirst ? pipeline.Model : "",
                $"{stage.FirstLayer}-{stage.EndLayer - 1}",
                stage.Device,
                isFirst ? $"{pipeline.PagesUsed}/{pipeline.PagesTotal}" : "",
                isFirst ? $"{pipeline.GeneratedTokens}" : "",
                isFirst ? pipeline.Backend : "");
        }
    }

    private static string StatusOf(WireSilo silo) => silo.Load?.Draining == true ? "drains" : silo.Status;

    private static string Milliseconds(Duration duration) => $"{duration.ToTimeSpan().TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms";

    private static string Percent(double share) => $"{(share * 100).ToString("0", CultureInfo.InvariantCulture)}%";

    private static string Signed(long bytes) => bytes < 0 ? $"-{ByteSize.Format(-bytes)}" : ByteSize.Format(bytes);

    private static string Titled(string title, PlainTable table) => $"{title}{Environment.NewLine}{table}";
}
