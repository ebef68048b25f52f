using System.Diagnostics;
using Npgsql;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A PostgreSQL server of the tests' own, where its programs are installed.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleanslm-pg-");
    private readonly int _port = Ports.Take();
    private Process? _server;

    /// <summary>Why there is no server to be had; null when there is one.</summary>
    public static string? WhyMissing => Find("initdb") is null || Find("postgres") is null ? "PostgreSQL (initdb, postgres) is not installed" : null;

    public ClusterDatabase Database => new("Npgsql", $"Host=127.0.0.1;Port={_port};Username=test;Database=postgres;Pooling=false");

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var server = new PostgreSqlServer();
        try
        {
            await server.InitializeAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            _server.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private async Task InitializeAsync()
    {
        if (Environment.UserName == "root")
            await RunAsync("chown", "nobody", _folder.FullName);
        string data = Path.Combine(_folder.FullName, "data");
        using Process initialize = Start(Find("initdb")!, "-D", data, "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C");
        await initialize.WaitForExitAsync();
        Assert.True(initialize.ExitCode == 0, "initdb failed.");
        _server = Start(Find("postgres")!, "-D", data, "-p", _port.ToString(), "-k", _folder.FullName, "-h", "127.0.0.1", "-F");
        await Eventually.HoldsAsync(AnswersAsync, () => "PostgreSQL does not answer.");
        await CreateTablesAsync();
    }

    private async Task CreateTablesAsync()
    {
        await using var connection = new NpgsqlConnection(Database.ConnectionString);
        await connection.OpenAsync();
        string script = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "sql", "orleans-postgresql.sql"));
        await using var command = new NpgsqlCommand(script, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(Database.ConnectionString);
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException) when (!_server!.HasExited)
        {
            return false;
        }
    }

    // PostgreSQL does not run as root.
    private static Process Start(string program, params string[] arguments)
    {
        string[] command = Environment.UserName == "root" ? ["setpriv", "--reuid=nobody", "--clear-groups", program, .. arguments] : [program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private static string? Find(string program)
    {
        string[] debian = Directory.Exists("/usr/lib/postgresql") ? [.. Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin"))] : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')).Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);
    }
}
