using OrleansLM.LocalCluster;
using OrleansLM.LocalCluster.Network;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Which faults come in which order.</summary>
internal static class ChaosPlan
{
    /// <summary>What can be done to the cluster.</summary>
    /// <param name="cluster">It is asked for what it has.</param>
    /// <param name="wanted">Faults to choose from.</param>
    /// <param name="leftOut">Told of every fault that cannot be brought about here, and why.</param>
    public static IReadOnlyList<ChaosFault> Possible(LoopbackCluster cluster, IEnumerable<ChaosFault> wanted, Action<ChaosFault, string> leftOut)
    {
        var possible = new List<ChaosFault>();
        foreach (var fault in wanted)
        {
            if (Missing(cluster, fault) is { } reason)
            {
                leftOut(fault, reason);
            }
            else
            {
                possible.Add(fault);
            }
        }

        return possible;
    }

    /// <summary>One fault a round, in random order: all of them before any comes again, as far as there are rounds.</summary>
    public static IReadOnlyList<ChaosFault> Draw(IReadOnlyList<ChaosFault> faults, int rounds, Random random)
    {
        ChaosFault[] first = [.. faults];
        random.Shuffle(first);
        ChaosFault[] drawn = [.. Enumerable.Range(0, rounds).Select(i => i < first.Length ? first[i] : faults[random.Next(faults.Count)])];
        random.Shuffle(drawn);
        return drawn;
    }

    private static string? Missing(LoopbackCluster cluster, ChaosFault fault) => fault switch
    {
        ChaosFault.RestartDatabase when cluster.Postgres is null => PostgresServer.Missing ?? "the cluster meets in a SQLite file",
        ChaosFault.KillGateway when cluster.Gateways.Count < 2 => "there is one gateway only",
        ChaosFault.CutNetwork when cluster.Network is null => SwitchedNetwork.Missing() ?? "the silos share one network",
        ChaosFault.CutNetwork when cluster.Silos.Count < 3 => "there is no third silo that reaches both",
        _ => null,
    };
}
