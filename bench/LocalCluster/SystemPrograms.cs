using System.Diagnostics;

namespace OrleansLM.LocalCluster;

/// <summary>Programs of the machine that run to their end.</summary>
internal static class SystemPrograms
{
    /// <summary>Runs it to its end; throws with what it printed when it fails.</summary>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        if (await TryRunAsync(program, arguments) is { } failure)
        {
            throw new InvalidOperationException(failure);
        }
    }

    /// <summary>Runs it to its end; null, or what it printed when it failed.</summary>
    public static async Task<string?> TryRunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} was not started");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}:\n{await output}{await errors}";
    }
}
