using System.Data.Common;
using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Postgres;
using OrleansLM.Silo.Log.Sqlite;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Log.Kinds;

/// <summary>A new, empty log of a kind, opened by as many silos as a test wants.</summary>
internal sealed class LogRig : IAsyncDisposable
{
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TemporaryDirectory _directory = new();
    private readonly List<ISessionLog> _opened = [];
    private readonly SessionLogOptions _options;

    private LogRig(SessionLogKind kind, string? connectionString, TimeSpan? groupInterval) => _options = new SessionLogOptions
    {
        Kind = kind,
        Path = _directory.File("sessions.db"),
        Shared = true,
        ConnectionString = connectionString,
        GroupInterval = groupInterval ?? new SessionLogOptions().GroupInterval,
    };

    public ISessionLog Log => _opened[0];

    /// <summary>PostgreSQL: for writers that a test drives itself, however long it takes between two statements.</summary>
    public string PatientConnection => new NpgsqlConnectionStringBuilder(_options.ConnectionString) { Options = "-c idle_in_transaction_session_timeout=0" }.ConnectionString;

    public static async Task<LogRig> StartAsync(SessionLogKind kind, SharedPostgres postgres, TimeSpan? groupInterval = null)
    {
        var rig = new LogRig(kind, kind == SessionLogKind.Postgres ? await postgres.NewSchemaAsync() : null, groupInterval);
        await rig.OpenAnotherAsync();
        return rig;
    }

    /// <summary>The log as another silo opens it.</summary>
    public async Task<ISessionLog> OpenAnotherAsync(string? database = null)
    {
        var metrics = new SiloMetrics(_provider.GetRequiredService<IMeterFactory>());
        var options = Options.Create(database is null ? _options : new SessionLogOptions
        {
            Kind = _options.Kind,
            ConnectionString = $"{_options.ConnectionString};Database={database}",
        });
        ISessionLog log = _options.Kind == SessionLogKind.Postgres
            ? new PostgresSessionLog(options, metrics, NullLogger<PostgresSessionLog>.Instance)
            : new SqliteSessionLog(options, metrics, NullLogger<SqliteSessionLog>.Instance);
        _opened.Add(log);
        await log.OpenAsync(CancellationToken.None);
        return log;
    }

    /// <summary>The first value of a query on the tables themselves.</summary>
    public object? Query(string sql)
    {
        using DbConnection connection = _options.Kind == SessionLogKind.Postgres
            ? new NpgsqlConnection(_options.ConnectionString + ";Pooling=false")
            : new SqliteConnection($"Data Source={_options.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var log in _opened)
        {
            await log.DisposeAsync();
        }

        await _provider.DisposeAsync();
        _directory.Dispose();
    }
}
