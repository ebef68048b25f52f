using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OrleansLM.LocalCluster;

/// <summary>
/// A PostgreSQL server of its own on loopback, in a temporary folder that goes away with it, out of the programs that the machine has. It ends with this
/// process, however that ends.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    /// <summary>Sends the first line of its input as a signal; the end of the input, which comes with the end of this process, stops the server as well.</summary>
    private const string Keeper = """
        "$0" "$@" & server=$!
        read -r signal || signal=QUIT
        kill -s "$signal" "$server"
        wait "$server"
        """;

    private readonly string _folder;
    private readonly IPAddress _address;
    private readonly int _port;
    private Process? _keeper;

    private PostgresServer(string folder, IPAddress address, int port)
    {
        (_folder, _address, _port) = (folder, address, port);
    }

    /// <summary>Why no server can be started here; null when one can.</summary>
    public static string? Missing => PostgresPrograms.Find("initdb") is null
        ? "PostgreSQL is not installed (initdb is neither on the PATH nor in /usr/lib/postgresql)"
        : PostgresPrograms.User is null && Environment.IsPrivilegedProcess ? "PostgreSQL refuses root, and there is no user postgres or nobody" : null;

    /// <summary>For the server's own database, in which a test takes a schema of its own by <c>Search Path</c>.</summary>
    public string ConnectionString => $"Host={_address};Port={_port};Username=postgres;Database=postgres";

    public static Task<PostgresServer> StartAsync() => StartAsync(IPAddress.Loopback);

    /// <param name="address">Of this machine, where it is reached.</param>
    public static async Task<PostgresServer> StartAsync(IPAddress address)
    {
        var folder = Directory.CreateTempSubdirectory("orleanslm-postgres-").FullName;
        var server = new PostgresServer(folder, address, FreePort());
        try
        {
            if (PostgresPrograms.User is { } user)
            {
                await SystemPrograms.RunAsync("chown", user, folder);
            }

            await PostgresPrograms.RunAsUserAsync("initdb", "--pgdata", server.Data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync");
            await File.AppendAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"), $"host all all {server._address}/24 trust\n");
            await server.BeginAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it where it was stopped. Returns when it answers.</summary>
    public async Task BeginAsync()
    {
        var command = PostgresPrograms.AsUser(
            "postgres", "-D", Data, "-h", $"{_address}", "-p", $"{_port}", "-k", _folder, "-c", "max_connections=200", "-c", "logging_collector=off", "-c", "log_min_messages=fatal");
        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-c", Keeper, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        _keeper = Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        _ = _keeper.StandardOutput.ReadToEndAsync();
        var errors = _keeper.StandardError.ReadToEndAsync();
        await AnswersAsync(errors);
    }

    /// <summary>Ends all connections and stops; what was committed stays. <paramref name="crash"/>: as if it had crashed.</summary>
    public async Task StopAsync(bool crash = false)
    {
        if (_keeper is { } keeper)
        {
            _keeper = null;
            await keeper.StandardInput.WriteLineAsync(crash ? "QUIT" : "INT");
            await keeper.StandardInput.FlushAsync();
            await keeper.WaitForExitAsync();
            keeper.Dispose();
        }
    }

    public async Task RestartAsync(bool crash = false)
    {
        await StopAsync(crash);
        await BeginAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(crash: true);
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private async Task AnswersAsync(Task<string> errors)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (!_keeper!.HasExited && Stopwatch.GetElapsedTime(began) < s_startLimit)
            {
                await Task.Delay(50);
            }
            catch (NpgsqlException failure) when (_keeper!.HasExited)
            {
                throw new InvalidOperationException($"PostgreSQL did not start:\n{await errors}", failure);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
