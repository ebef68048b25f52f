using System.Diagnostics;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc.Node;

/// <summary>Runs the script once against two servers, of which one compresses, and keeps what it printed.</summary>
public sealed class NodeConformanceRun : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private string[] _lines = [];

    public TrialServer? Server { get; private set; }

    public async Task InitializeAsync()
    {
        if (NodeModules.Missing is not null)
        {
            return;
        }

        Server = await TrialServer.StartAsync();
        await using TrialServer compressing = await TrialServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        _lines = await RunAsync($"127.0.0.1:{Server.Port}", $"127.0.0.1:{compressing.Port}");
    }

    public async Task DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }

    /// <summary>Null when the check passed, otherwise what happened.</summary>
    public string? FailureOf(string check)
    {
        if (_lines.Contains($"ok {check}"))
        {
            return null;
        }

        return Array.Find(_lines, line => line.StartsWith($"failed {check}:", StringComparison.Ordinal))
            ?? $"The script did not come to '{check}'; it said: {string.Join('\n', _lines)}";
    }

    private static async Task<string[]> RunAsync(string address, string compressing)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(NodeModules.Folder, "conformance.mjs"), address, compressing, NodeModules.Repository])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process node = Process.Start(start)!;
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            Task<string> errors = node.StandardError.ReadToEndAsync(limit.Token);
            string output = await node.StandardOutput.ReadToEndAsync(limit.Token);
            return [.. output.Split('\n'), await errors];
        }
        catch (OperationCanceledException)
        {
            node.Kill(entireProcessTree: true);
            return [$"The script did not end within {s_limit.TotalSeconds} s."];
        }
    }
}
