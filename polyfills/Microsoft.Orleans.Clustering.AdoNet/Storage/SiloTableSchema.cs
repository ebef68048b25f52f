namespace Orleans.Runtime.Membership;

/// <summary>The tables of silos, with the names and columns that the package's have.</summary>
internal static class SiloTableSchema
{
    public static IEnumerable<string> Statements(bool isSqlite) => isSqlite ? Sqlite : PostgreSql;

    private static readonly string[] Sqlite =
    [
        "PRAGMA journal_mode = WAL",
        """
        CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
            DeploymentId TEXT NOT NULL PRIMARY KEY,
            Timestamp TEXT NOT NULL,
            Version INTEGER NOT NULL DEFAULT 0)
        """,
        """
        CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
            DeploymentId TEXT NOT NULL,
            Address TEXT NOT NULL,
            Port INTEGER NOT NULL,
            Generation INTEGER NOT NULL,
            SiloName TEXT NOT NULL,
            HostName TEXT NOT NULL,
            Status INTEGER NOT NULL,
            ProxyPort INTEGER NULL,
            SuspectTimes TEXT NULL,
            StartTime TEXT NOT NULL,
            IAmAliveTime TEXT NOT NULL,
            PRIMARY KEY (DeploymentId, Address, Port, Generation))
        """,
    ];

    // A lock, since silos that start at the same time would stand in each other's way.
    private static readonly string[] PostgreSql =
    [
        "SELECT pg_advisory_xact_lock(7381624)",
        """
        CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
            DeploymentId varchar(150) NOT NULL PRIMARY KEY,
            Timestamp timestamp(3) NOT NULL,
            Version integer NOT NULL DEFAULT 0)
        """,
        """
        CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
            DeploymentId varchar(150) NOT NULL,
            Address varchar(45) NOT NULL,
            Port integer NOT NULL,
            Generation integer NOT NULL,
            SiloName varchar(150) NOT NULL,
            HostName varchar(150) NOT NULL,
            Status integer NOT NULL,
            ProxyPort integer NULL,
            SuspectTimes varchar(8000) NULL,
            StartTime timestamp(3) NOT NULL,
            IAmAliveTime timestamp(3) NOT NULL,
            PRIMARY KEY (DeploymentId, Address, Port, Generation))
        """,
    ];
}
