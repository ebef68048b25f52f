using System.Diagnostics;
using System.Text;
using OrleansLM.Polyfills.Node;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A silo in a process of its own.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly TaskCompletionSource<SiloAddress> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _log = new();
    private readonly Process _process;

    public NodeProcess(NodeSettings settings)
    {
        Settings = settings;
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet")
            {
                ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "OrleansLM.Polyfills.Node.dll"), settings.Format() },
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        _process.OutputDataReceived += (_, e) => OnOutput(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLog(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ = FailWhenItExitsAsync();
    }

    public NodeSettings Settings { get; }

    public SiloAddress Address => _ready.Task.Result;

    public int ExitCode => _process.ExitCode;

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public Task<SiloAddress> ReadyAsync() => _ready.Task.WaitAsync(Patience);

    public Task ExitAsync() => _process.WaitForExitAsync().WaitAsync(Patience);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>SIGSTOP.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>In good order.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, _process.Id.ToString()]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private void OnOutput(string? line)
    {
        OnLog(line);
        if (line is not null && line.StartsWith("ready ", StringComparison.Ordinal))
            _ready.TrySetResult(SiloAddress.FromParsableString(line["ready ".Length..]));
    }

    private void OnLog(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private async Task FailWhenItExitsAsync()
    {
        await _process.WaitForExitAsync();
        _ready.TrySetException(new InvalidOperationException($"Silo {Settings.Name} ended before it was active:\n{Log}"));
    }
}
