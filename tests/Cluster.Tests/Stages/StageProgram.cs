using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Cluster.Tests.Stages;

/// <summary>The program's <c>stage</c> as a child process that serves both tiny models. Disposing kills it.</summary>
internal sealed class StageProgram : IDisposable
{
    private const string Listening = "listening on ";
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<string> _told = new();
    private readonly Process _process;
    private bool _isDisposed;

    private StageProgram(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _told.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
    }

    public LinkAddress Address { get; private set; } = new("", 0);

    public int ProcessId => _process.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public IReadOnlyCollection<string> Told => _told;

    public static async Task<StageProgram> StartAsync(params string[] arguments)
    {
        var command = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        command.Environment["DOTNET_TieredPGO"] = "0";
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "OrleansLM.Cli.dll"), "stage", "--model", Repository.TinyModel, "--model", Repository.RecurrentModel, "--threads", "1", .. arguments])
        {
            command.ArgumentList.Add(argument);
        }

        var program = new StageProgram(Process.Start(command) ?? throw new InvalidOperationException("no process was started"));
        try
        {
            program.Address = await program.ReadAddressAsync().WaitAsync(s_startLimit);
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGSTOP: it is there, keeps its connections and answers nothing.</summary>
    public void Freeze()
    {
        using var stop = Process.Start("kill", ["-STOP", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        stop.WaitForExit();
    }

    /// <summary>Kills it; all that it told is there afterwards. Idempotent.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }

    private async Task<LinkAddress> ReadAddressAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Listening, StringComparison.Ordinal))
            {
                return LinkAddress.Parse(line[Listening.Length..]);
            }
        }

        throw new InvalidOperationException($"the stage ended before it listened:\n{string.Join('\n', _told)}");
    }
}
