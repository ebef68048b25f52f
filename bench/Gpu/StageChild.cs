using System.Diagnostics;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Gpu;

/// <summary>The second process of a pipeline: this program again, serving stages of one device until its input ends.</summary>
internal sealed class StageChild : IDisposable
{
    public const string Cluster = "bench";
    private readonly Process _process;

    private StageChild(Process process, LinkAddress address) => (_process, Address) = (process, address);

    /// <summary>Loading 7 billion parameters may take a while.</summary>
    public static LinkOptions Link { get; } = new() { SilenceLimit = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(2) };

    public LinkAddress Address { get; }

    public static StageChild Start(string folder, int device)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(StageChild).Assembly.Location);
        }

        foreach (var argument in (string[])["--serve", folder, "--devices", $"{device}"])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the process that serves a stage ended before it said where");
        return new StageChild(process, new LinkAddress("127.0.0.1", int.Parse(line, System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>In the second process.</summary>
    public static int Serve(string folder, int device)
    {
        var models = new ServedFolder(folder);
        var options = new StageServerOptions { ClusterId = Cluster, Engine = new EngineOptions { Backend = "cuda", Devices = [device] }, Link = Link };
        using var server = StageServer.Start(options, models, models, TimeProvider.System);
        Console.WriteLine(server.Address.Port);
        while (Console.In.ReadLine() is not null)
        {
        }

        return 0;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
