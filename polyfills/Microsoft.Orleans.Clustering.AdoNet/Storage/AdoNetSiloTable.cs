using System.Data.Common;
using System.Globalization;
using System.Net;

namespace Orleans.Runtime.Membership;

/// <summary>The table of silos in a database: one row per silo, and one for the version, which every change of a row raises in the same transaction.</summary>
internal sealed class AdoNetSiloTable(SiloDatabase database, string clusterId) : ISiloTableStore
{
    /// <summary>Never raised: other processes write to the table.</summary>
    public event Action? Changed
    {
        add { }
        remove { }
    }

    /// <summary>The tables have to be there, as for the package.</summary>
    public async Task InitializeAsync(CancellationToken cancellation)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellation);
        await database.ExecuteAsync(
            connection,
            null,
            "INSERT INTO OrleansMembershipVersionTable (DeploymentId, Timestamp, Version) VALUES (@cluster, @now, 0) ON CONFLICT (DeploymentId) DO NOTHING",
            cancellation,
            ("@cluster", clusterId),
            ("@now", DateTime.UtcNow));
    }

    // The version and the rows in one statement, so that they belong together.
    public async Task<SiloTable> ReadAsync(CancellationToken cancellation)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellation);
        await using DbCommand command = database.CommandOf(
            connection,
            null,
            """
            SELECT v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime
            FROM OrleansMembershipVersionTable v LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId
            WHERE v.DeploymentId = @cluster
            """,
            ("@cluster", clusterId));
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellation);
        long version = 0;
        var entries = new List<SiloTableEntry>();
        while (await reader.ReadAsync(cancellation))
        {
            version = Convert.ToInt64(reader.GetValue(0), CultureInfo.InvariantCulture);
            if (!await reader.IsDBNullAsync(1, cancellation))
                entries.Add(ReadEntry(reader));
        }

        return new SiloTable(new MembershipVersion(version), [.. entries]);
    }

    public async Task<bool> TryWriteAsync(SiloTableEntry entry, MembershipVersion expected, CancellationToken cancellation)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellation);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        int raised = await database.ExecuteAsync(
            connection,
            transaction,
            "UPDATE OrleansMembershipVersionTable SET Timestamp = @now, Version = Version + 1 WHERE DeploymentId = @cluster AND Version = @version",
            cancellation,
            ("@now", DateTime.UtcNow),
            ("@cluster", clusterId),
            ("@version", (int)expected.Value));
        if (raised != 1)
            return false;

        await WriteRowAsync(connection, transaction, entry, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    public async Task WriteAliveAsync(SiloAddress silo, DateTime time, CancellationToken cancellation)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellation);
        await database.ExecuteAsync(
            connection,
            null,
            "UPDATE OrleansMembershipTable SET IAmAliveTime = @time WHERE DeploymentId = @cluster AND Address = @address AND Port = @port AND Generation = @generation",
            cancellation,
            [("@time", time), .. KeyOf(silo)]);
    }

    public async Task RemoveDeadAsync(DateTime before, CancellationToken cancellation)
    {
        await using DbConnection connection = await database.ConnectAsync(cancellation);
        await database.ExecuteAsync(
            connection,
            null,
            "DELETE FROM OrleansMembershipTable WHERE DeploymentId = @cluster AND Status = @dead AND IAmAliveTime < @before AND StartTime < @before",
            cancellation,
            ("@cluster", clusterId),
            ("@dead", (int)SiloStatus.Dead),
            ("@before", before));
    }

    private (string, object?)[] KeyOf(SiloAddress silo) =>
    [
        ("@cluster", clusterId),
        ("@address", silo.Endpoint.Address.ToString()),
        ("@port", silo.Endpoint.Port),
        ("@generation", silo.Generation),
    ];

    private Task<int> WriteRowAsync(DbConnection connection, DbTransaction transaction, SiloTableEntry entry, CancellationToken cancellation) => database.ExecuteAsync(
        connection,
        transaction,
        """
        INSERT INTO OrleansMembershipTable
            (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, SuspectTimes, StartTime, IAmAliveTime)
        VALUES (@cluster, @address, @port, @generation, @name, @host, @status, @proxy, @suspicions, @start, @alive)
        ON CONFLICT (DeploymentId, Address, Port, Generation)
        DO UPDATE SET Status = excluded.Status, SuspectTimes = excluded.SuspectTimes, IAmAliveTime = excluded.IAmAliveTime
        """,
        cancellation,
        [
            .. KeyOf(entry.Silo),
            ("@name", entry.Name),
            ("@host", entry.HostName),
            ("@status", (int)entry.Status),
            ("@proxy", entry.Gateway.Endpoint.Port),
            ("@suspicions", SuspectTimes.Format(entry.Suspicions)),
            ("@start", entry.StartTime),
            ("@alive", entry.IAmAliveTime),
        ]);

    private static SiloTableEntry ReadEntry(DbDataReader reader)
    {
        IPAddress address = IPAddress.Parse(reader.GetString(1));
        SiloAddress silo = SiloAddress.New(address, reader.GetInt32(2), reader.GetInt32(3));
        SiloAddress gateway = SiloAddress.New(address, reader.IsDBNull(7) ? 0 : reader.GetInt32(7), 0);
        return new SiloTableEntry(silo, reader.GetString(4), (SiloStatus)reader.GetInt32(6), gateway)
        {
            HostName = reader.GetString(5),
            Suspicions = SuspectTimes.Parse(reader.IsDBNull(8) ? null : reader.GetString(8)),
            StartTime = ReadTime(reader.GetValue(9)),
            IAmAliveTime = ReadTime(reader.GetValue(10)),
        };
    }

    private static DateTime ReadTime(object value) => value is DateTime time
        ? DateTime.SpecifyKind(time, DateTimeKind.Utc)
        : DateTime.Parse((string)value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}
