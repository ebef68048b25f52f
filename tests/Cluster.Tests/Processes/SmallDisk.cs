using System.Diagnostics;

namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>A file system in memory, mounted where only one process sees it: the kernel takes it away with that process.</summary>
internal sealed class SmallDisk(ServerProcess server)
{
    private const string Filler = "filler";

    /// <summary>Why none can be made here; null when one can.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "a disk of its own needs root on Linux";
        }

        try
        {
            var errors = RunAsync("unshare", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", Path.GetTempPath()).GetAwaiter().GetResult();
            return errors is null ? null : $"the kernel refuses to mount a file system in memory: {errors.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unshare is not installed (package util-linux)";
        }
    }

    /// <summary>What stands before the command line of the process that is to see it.</summary>
    public static string[] Command(int mebibytes, string folder) =>
        ["unshare", "--mount", "bash", "-c", $"mount -t tmpfs -o size={mebibytes}m tmpfs \"$0\" && exec \"$@\"", folder];

    /// <summary>Takes all the room that is left.</summary>
    public async Task FillAsync() => Assert.NotNull(await InsideAsync("dd", "if=/dev/zero", $"of={Path.Combine(server.DataFolder, Filler)}", "bs=4k"));

    public async Task FreeAsync() => Assert.Null(await InsideAsync("rm", Path.Combine(server.DataFolder, Filler)));

    private Task<string?> InsideAsync(params string[] command) => RunAsync("nsenter", [$"--mount=/proc/{server.ProcessId}/ns/mnt", .. command]);

    /// <summary>Null, or what it said when it failed.</summary>
    private static async Task<string?> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? null : await output + await errors;
    }
}
