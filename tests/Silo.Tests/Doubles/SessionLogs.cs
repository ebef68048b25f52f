using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Sqlite;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>A log by itself.</summary>
internal sealed class SessionLogs : IAsyncDisposable
{
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private SessionLogs(SessionLogOptions options) => Log = new SqliteSessionLog(
        Options.Create(options), new SiloMetrics(_provider.GetRequiredService<IMeterFactory>()), NullLogger<SqliteSessionLog>.Instance);

    public SqliteSessionLog Log { get; }

    public static SessionLogs At(string path, long maxBytes = 0) => new(new SessionLogOptions { Path = path, MaxBytes = maxBytes });

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await _provider.DisposeAsync();
    }
}
