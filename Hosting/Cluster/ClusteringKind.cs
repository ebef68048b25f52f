namespace OrleansLM.Hosting.Cluster;

/// <summary>Where the members of the cluster find each other.</summary>
public enum ClusteringKind
{
    /// <summary>Nowhere: this process is all there is.</summary>
    None,

    /// <summary>In a file that processes of one machine share.</summary>
    Sqlite,

    /// <summary>In a PostgreSQL database.</summary>
    Postgres,
}
