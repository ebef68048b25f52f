using OrleansLM.LocalCluster.Network;

namespace OrleansLM.LocalCluster;

/// <summary>What a cluster on loopback consists of.</summary>
public sealed record LoopbackOptions
{
    /// <summary>The program's assembly (OrleansLM.Cli.dll).</summary>
    public required string Program { get; init; }

    /// <summary>Folder of the model that every silo serves.</summary>
    public required string Model { get; init; }

    public int Silos { get; init; } = 3;

    public int Gateways { get; init; } = 2;

    /// <summary>A PostgreSQL server of its own; else a SQLite file that all share.</summary>
    public bool UsePostgres { get; init; }

    /// <summary>Each silo on a network host of its own, so that the connection between two can be cut. Needs what <see cref="SwitchedNetwork.Missing"/> says.</summary>
    public bool UseNetwork { get; init; }

    /// <summary>More settings for every node, as <c>--Section:Key=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>More settings for every silo.</summary>
    public IReadOnlyList<string> SiloSettings { get; init; } = [];

    /// <summary>How long a node may take until it serves.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(3);
}
