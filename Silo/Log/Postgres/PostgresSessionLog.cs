using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Postgres;

/// <summary>The log in a PostgreSQL database that all silos of a cluster share. While the server is away, writes wait for it.</summary>
public sealed class PostgresSessionLog(IOptions<SessionLogOptions> options, SiloMetrics metrics, ILogger<PostgresSessionLog> logger) : SqlSessionLog(options, metrics, logger)
{
    private PostgresLogDatabase? _database;

    private protected override int SchemaVersion => PostgresSchema.Version;

    private protected override async Task<ILogDatabase> OpenDatabaseAsync(CancellationToken cancellationToken)
    {
        _database = PostgresLogDatabase.Create(Options.ConnectionString);
        var outage = new Outage(Options.OutageLimit);
        while (true)
        {
            try
            {
                await Task.Run(Upgrade, cancellationToken);
                return _database;
            }
            catch (Exception failure) when (_database.IsOutage(failure) && outage.TryNext() is { } pause)
            {
                SqlLogMessages.Away(Logger, failure, _database.Place);
                await Task.Delay(pause, cancellationToken);
            }
            catch (Exception failure) when (failure is not OrleansLMException and not OperationCanceledException)
            {
                throw _database.Translate(failure);
            }
        }
    }

    private protected override async ValueTask CloseDatabaseAsync()
    {
        if (_database is { } database)
        {
            await database.DisposeAsync();
        }
    }

    private void Upgrade()
    {
        using var connection = _database!.OpenWriter();
        PostgresSchema.Upgrade(connection, _database.Place);
    }
}
