using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Hosting.Cluster;

/// <summary>How a node finds the others; section <c>Cluster</c> of the configuration. The same for all nodes but for name and ports.</summary>
public sealed class ClusterSettings
{
    public const string Section = "Cluster";

    /// <summary>Nodes with another id do not talk to each other.</summary>
    [Required(AllowEmptyStrings = false)]
    public string ClusterId { get; set; } = "orleanslm";

    public ClusteringKind Clustering { get; set; } = ClusteringKind.None;

    /// <summary>SQLite: the file of members. The session log lies beside it unless <c>SessionLog:Path</c> says otherwise.</summary>
    public string? Path { get; set; }

    /// <summary>PostgreSQL: how to reach the database; the session log is there too unless <c>SessionLog</c> says otherwise.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>What this silo is called; null: the machine's name and the silo port.</summary>
    public string? Name { get; set; }

    /// <summary>The IP address under which the other nodes reach this silo.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>[1, 65535]: where this silo listens for silos.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    /// <summary>[1, 65535]: where this silo listens for gateways.</summary>
    [Range(1, 65535)]
    public int ClientPort { get; set; } = 30000;

    /// <summary>[100 ms, 1 min]: how often silos probe each other, and how long an answer may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>[1, 100]: probes in a row without an answer after which a silo is suspected.</summary>
    [Range(1, 100)]
    public int MissedProbes { get; set; } = 3;

    /// <summary>[1, 10]: silos that must suspect one before it is declared dead; one is enough where there is no other.</summary>
    [Range(1, 10)]
    public int Votes { get; set; } = 2;

    /// <summary>[1 s, 10 min]: how long two silos that others reach may be out of each other's reach before the younger one is given up.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CutLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>[1 s, 1 h]: how long a node tries to find the cluster when it starts.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromMinutes(1);

    public ClusterTlsSettings Tls { get; set; } = new();
}
