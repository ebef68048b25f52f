using OrleansLM.Contracts.V1;
using Spectre.Console;
using WireSilo = OrleansLM.Contracts.V1.Silo;

namespace OrleansLM.Cli.Cluster;

/// <summary>The cluster as tables.</summary>
internal static class ClusterTables
{
    public static Table Status(Topology topology)
    {
        var table = New($"cluster {topology.ClusterId}", "silo", "address", "status", "zone", "running", "waiting", "sessions", "pages used");
        foreach (var silo in topology.Silos)
        {
            table.AddRow([silo.Name, silo.Address, StatusOf(silo), .. silo.Load is { } load
                ? new[] { load.Zone, $"{load.RunningTurns}", $"{load.WaitingTurns}", $"{load.Sessions}", $"{load.PagesUsed:P0}" }
                : ["", "", "", "", ""]]);
        }

        return table;
    }

    public static Table Topology(Topology topology)
    {
        var table = New($"cluster {topology.ClusterId}", "silo", "status", "model", "backend", "stages", "pages", "generated");
        foreach (var silo in topology.Silos)
        {
            if (silo.Pipelines.Count == 0)
            {
                table.AddRow(silo.Name, StatusOf(silo), "", "", "", "", "");
            }

            foreach (var pipeline in silo.Pipelines)
            {
                table.AddRow(
                    silo.Name,
                    StatusOf(silo),
                    pipeline.Model,
                    pipeline.Backend,
                    string.Join(' ', pipeline.Stages.Select(stage => $"{stage.FirstLayer}-{stage.EndLayer - 1}@{stage.Device}")),
                    $"{pipeline.PagesUsed}/{pipeline.PagesTotal}",
                    $"{pipeline.GeneratedTokens}");
            }
        }

        return table;
    }

    public static Table Sessions(ListLocationsResponse sessions)
    {
        var table = New($"{sessions.Sessions.Count} sessions in memory", "session", "silo", "model", "tokens", "computed", "turn");
        foreach (var session in sessions.Sessions)
        {
            table.AddRow(session.SessionId, session.Silo, session.Model, $"{session.Length}", $"{session.ComputedLength}", session.Running ? "runs" : "");
        }

        return table;
    }

    private static string StatusOf(WireSilo silo) => silo.Load?.Draining == true ? "drains" : silo.Status;

    private static Table New(string title, params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(title) };
        table.AddColumns(columns);
        return table;
    }
}
