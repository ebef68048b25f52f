using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansLM.LocalCluster.Network;

namespace OrleansLM.LocalCluster;

/// <summary>A silo or gateway as a child process that can be killed, frozen, stopped in order and started again with the same arguments. Disposing kills it.</summary>
public sealed class NodeProcess : IAsyncDisposable
{
    private const string Listening = " listening on ";
    private const int KeptLines = 2000;

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly string _program;
    private readonly string[] _arguments;
    private Process? _process;

    /// <param name="name">What it is called in messages.</param>
    /// <param name="program">The program's assembly, run by <c>dotnet</c>.</param>
    /// <param name="arguments">Its arguments, the kind of node first.</param>
    public NodeProcess(string name, string program, params string[] arguments)
    {
        (Name, _program, _arguments) = (name, program, arguments);
    }

    public string Name { get; }

    /// <summary>Where on the network it runs; null: in this machine's own.</summary>
    public NetworkHost? Host { get; init; }

    /// <summary>Where it listens; known once it has started.</summary>
    public Uri? Address { get; private set; }

    public bool IsRunning => _process is { HasExited: false };

    public int ProcessId => _process!.Id;

    /// <summary>The last lines that it wrote to standard error, over all its lives.</summary>
    public string Errors => string.Join('\n', _errors);

    /// <summary>The lines of <see cref="Errors"/>, which are forgotten.</summary>
    public string TakeErrors()
    {
        var lines = new List<string>();
        while (_errors.TryDequeue(out var line))
        {
            lines.Add(line);
        }

        return string.Join('\n', lines);
    }

    /// <summary>Returns when it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended instead, or did not serve in time; with what it wrote.</exception>
    public async Task StartAsync(TimeSpan limit)
    {
        string[] command = [.. Host?.Keeper.Inside() ?? [], "dotnet", _program, .. _arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        _process = process;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        try
        {
            Address = await ReadAddressAsync(process).WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"{Name} does not serve after {limit.TotalSeconds:F0} s:\n{Errors}");
        }

        _ = process.StandardOutput.ReadToEndAsync();
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

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        var process = _process ?? throw new InvalidOperationException($"{Name} does not run");
        _process = null;
        await SignalAsync("TERM", process.Id);
        await process.WaitForExitAsync();
        var code = process.ExitCode;
        process.Dispose();
        return code;
    }

    /// <summary>SIGSTOP.</summary>
    public Task FreezeAsync() => SignalAsync("STOP", ProcessId);

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("CONT", ProcessId);

    /// <summary>Waits for the process to end by itself.</summary>
    public Task ExitAsync() => _process?.WaitForExitAsync() ?? Task.CompletedTask;

    public async ValueTask DisposeAsync() => await KillAsync();

    private static async Task SignalAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{processId}"]);
        await kill.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        _errors.Enqueue(line ?? "");
        if (_errors.Count > KeptLines)
        {
            _errors.TryDequeue(out _);
        }
    }

    private async Task<Uri> ReadAddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                return new Uri(line[(at + Listening.Length)..].Split(' ')[0]);
            }
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"{Name} ended with {process.ExitCode} before it served:\n{Errors}");
    }
}
