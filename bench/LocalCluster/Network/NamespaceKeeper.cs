using System.Diagnostics;

namespace OrleansLM.LocalCluster.Network;

/// <summary>
/// Keeps a network namespace without a name: it is there as long as this process has the other end of the keeper's input, or another process lives in it, and
/// the kernel takes it away afterwards with all that it contains. So nothing is left behind, however this process ends.
/// </summary>
public sealed class NamespaceKeeper : IAsyncDisposable
{
    private readonly Process _process;

    private NamespaceKeeper(Process process)
    {
        _process = process;
    }

    /// <summary>The namespace as <c>nsenter</c> and <c>ip … netns</c> take it.</summary>
    public int ProcessId => _process.Id;

    /// <param name="setUp">Commands that run in the namespace first.</param>
    public static async Task<NamespaceKeeper> StartAsync(string setUp)
    {
        string[] arguments = ["--net", "bash", "-c", $"ip link set lo up && {setUp} && echo ready && read -r _"];
        var start = new ProcessStartInfo("unshare", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        if (await process.StandardOutput.ReadLineAsync() == "ready")
        {
            return new NamespaceKeeper(process);
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"no network namespace was made:\n{await process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>The command line that runs a program in the namespace, under the process id that it is started with.</summary>
    public string[] Inside(params string[] command) => ["nsenter", $"--net=/proc/{ProcessId}/ns/net", .. command];

    public Task RunAsync(params string[] command) => SystemPrograms.RunAsync("nsenter", [.. Inside(command)[1..]]);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
