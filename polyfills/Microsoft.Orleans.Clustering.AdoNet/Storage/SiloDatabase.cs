using System.Data.Common;
using System.Reflection;

namespace Orleans.Runtime.Membership;

/// <summary>Opens connections with a database whose driver the program has, found by its name.</summary>
internal sealed class SiloDatabase(DbProviderFactory factory, string connectionString, bool isSqlite)
{
    public bool IsSqlite { get; } = isSqlite;

    /// <summary>Throws <see cref="OrleansConfigurationException"/> when the driver is not known or not there.</summary>
    public static SiloDatabase Open(string options, string? invariant, string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new OrleansConfigurationException($"{options}.ConnectionString is empty.");

        return invariant switch
        {
            "Npgsql" => new SiloDatabase(Find("Npgsql", "Npgsql.NpgsqlFactory"), connectionString, isSqlite: false),
            "System.Data.SQLite" or "Microsoft.Data.Sqlite" => new SiloDatabase(
                Find("Microsoft.Data.Sqlite", "Microsoft.Data.Sqlite.SqliteFactory"), connectionString, isSqlite: true),
            _ => throw new OrleansConfigurationException($"{options}.Invariant is '{invariant}'; it must be Npgsql, or System.Data.SQLite for Microsoft.Data.Sqlite."),
        };
    }

    public async Task<DbConnection> ConnectAsync(CancellationToken cancellation)
    {
        DbConnection connection = factory.CreateConnection()!;
        connection.ConnectionString = connectionString;
        try
        {
            await connection.OpenAsync(cancellation);
            if (IsSqlite)
                await ExecuteAsync(connection, null, "PRAGMA busy_timeout = 10000", cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a statement; the number of rows that it has changed.</summary>
    public async Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction? transaction, string statement, CancellationToken cancellation, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = CommandOf(connection, transaction, statement, parameters);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    public DbCommand CommandOf(DbConnection connection, DbTransaction? transaction, string statement, params (string Name, object? Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = statement;
        foreach ((string name, object? value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value is DateTime time ? TimeOf(time) : value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>A time as the database keeps it. Both have UTC without a zone.</summary>
    private object TimeOf(DateTime time) => IsSqlite ? time.ToString("yyyy-MM-dd HH:mm:ss.fff") : DateTime.SpecifyKind(time, DateTimeKind.Unspecified);

    private static DbProviderFactory Find(string assembly, string type)
    {
        try
        {
            return (DbProviderFactory)Assembly.Load(assembly).GetType(type, throwOnError: true)!.GetField("Instance", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        }
        catch (FileNotFoundException exception)
        {
            throw new OrleansConfigurationException($"The program does not have the package {assembly}, which clustering needs.", exception);
        }
    }
}
