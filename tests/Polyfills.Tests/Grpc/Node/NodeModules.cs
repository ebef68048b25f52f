using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OrleansLM.Polyfills.Tests.Grpc.Node;

/// <summary>Where the script and its modules are, and why it cannot run, if so.</summary>
internal static class NodeModules
{
    public static string Folder { get; } = SourceFolder();

    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Folder, "../../../.."));

    /// <summary>Null when Node.js and the modules are there.</summary>
    public static string? Missing { get; } = FindMissing();

    private static string? FindMissing()
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules", "@grpc", "grpc-js")))
        {
            return "needs @grpc/grpc-js: run 'npm ci' in tests/Polyfills.Tests/Grpc/Node";
        }

        try
        {
            using Process node = Process.Start(new ProcessStartInfo("node", "--version") { RedirectStandardOutput = true })!;
            node.WaitForExit();
            return node.ExitCode == 0 ? null : "'node --version' fails";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "needs Node.js: 'node' is not on the PATH";
        }
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
