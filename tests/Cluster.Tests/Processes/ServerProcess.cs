using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Net.Client;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>
/// The program's <c>up</c> as a child process on a data folder of its own. It can be killed as a power cut would, and started again on the same folder
/// and port. Disposing ends the process and removes the folder.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Listening = "listening on ";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(3);

    private readonly string _data = Directory.CreateTempSubdirectory("orleanslm-cluster-").FullName;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string[] _arguments;
    private int _mebibytes;
    private Process? _process;
    private GrpcChannel? _channel;

    private ServerProcess(IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        (_environment, _arguments) = (environment, arguments);
    }

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    public int ProcessId => _process!.Id;

    public string DataFolder => _data;

    /// <summary>A channel that lives as long as this object: its connection is lost with the process, and made again.</summary>
    public GrpcChannel Channel => _channel ??= ServerAddress.Connect(Address);

    public Sessions.SessionsClient Sessions => new(Channel);

    public Models.ModelsClient Models => new(Channel);

    /// <summary>What the process wrote to standard error, over all its lives.</summary>
    public string Errors => string.Join('\n', _errors);

    public static Task<ServerProcess> StartAsync(params string[] arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    public static Task<ServerProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments) => StartAsync(new ServerProcess(environment, arguments));

    /// <summary>Its data folder is a file system of its own in memory, that only it sees and that goes away with it. See <see cref="SmallDisk"/>.</summary>
    public static Task<ServerProcess> StartOnSmallDiskAsync(int mebibytes, params string[] arguments) =>
        StartAsync(new ServerProcess(new Dictionary<string, string>(), arguments) { _mebibytes = mebibytes });

    private static async Task<ServerProcess> StartAsync(ServerProcess server)
    {
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again, where it was. Returns when it serves.</summary>
    public async Task StartAsync()
    {
        _process = Process.Start(Command()) ?? throw new InvalidOperationException("no process was started");
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        Address = await ReadAddressAsync(_process).WaitAsync(s_startLimit);
        _ = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>SIGKILL: nothing of the program runs after it.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>SIGTERM: returns when the process has ended by itself.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(TimeSpan limit)
    {
        using (var signal = Process.Start("kill", ["-TERM", $"{ProcessId}"]))
        {
            await signal.WaitForExitAsync();
        }

        await _process!.WaitForExitAsync().WaitAsync(limit);
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _channel?.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private ProcessStartInfo Command()
    {
        string[] program = _mebibytes > 0 ? [.. SmallDisk.Command(_mebibytes, _data), "dotnet"] : ["dotnet"];
        var command = new ProcessStartInfo(program[0], program[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        command.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var (name, value) in _environment)
        {
            command.Environment[name] = value;
        }

        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "OrleansLM.Cli.dll"), "up", "--model", Repository.TinyModel,
            "--listen", Address.AbsoluteUri, "--data", _data, .. _arguments,
        ];
        foreach (var argument in arguments)
        {
            command.ArgumentList.Add(argument);
        }

        return command;
    }

    private async Task<Uri> ReadAddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Listening, StringComparison.Ordinal))
            {
                return new Uri(line[Listening.Length..].Split(' ')[0]);
            }
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"the server ended with {process.ExitCode} before it served:\n{Errors}");
    }
}
