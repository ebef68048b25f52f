namespace OrleansLM.Hosting.Cluster;

/// <summary>
/// The database with the table of members, in the terms of Orleans's ADO.NET clustering; the driver's name <c>System.Data.SQLite</c> stands for
/// Microsoft.Data.Sqlite there.
/// </summary>
public sealed record MemberDatabase(string Invariant, string ConnectionString)
{
    public bool IsPostgres => Invariant == "Npgsql";

    /// <summary>Null without a table of members. SQLite's connections are not kept: one that is given back always ends its transaction.</summary>
    public static MemberDatabase? Of(ClusterSettings cluster) => cluster.Clustering switch
    {
        ClusteringKind.Postgres => new MemberDatabase("Npgsql", cluster.ConnectionString!),
        ClusteringKind.Sqlite => new MemberDatabase("System.Data.SQLite", $"Data Source={Path.GetFullPath(cluster.Path!)};Pooling=False"),
        _ => null,
    };
}
