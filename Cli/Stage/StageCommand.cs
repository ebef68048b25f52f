using System.CommandLine;
using System.Net.Sockets;
using OrleansLM.Cli.Local;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Cli.Stage;

/// <summary><c>stage</c>: serves layers of models to engines in other processes, which say which.</summary>
internal sealed class StageCommand
{
    /// <summary>An engine that went away may come back; after this its stage's memory is given back.</summary>
    private static readonly TimeSpan s_idleLimit = TimeSpan.FromMinutes(10);

    private readonly Option<string[]> _models = new("--model", "-m") { Description = "Model folder; may be given several times.", Required = true, HelpName = "DIR" };
    private readonly Option<LinkAddress> _listen = new("--listen")
    {
        Description = "Where links are accepted; port 0 takes a free one.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => new LinkAddress("127.0.0.1", 0),
        CustomParser = StageAddresses.ParseOne,
    };

    private readonly Option<string> _cluster = new("--cluster-id") { Description = "Engines of other clusters are refused.", DefaultValueFactory = _ => StageAddresses.DefaultCluster };
    private readonly Option<string> _backend = new("--backend") { Description = "What computes.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Threads that compute: [1, 1024]; all cores by default." };

    public static Command Create() => new StageCommand().Build();

    private Command Build()
    {
        var command = new Command("stage", "Serve layers of a model to engines in other processes (their --stage), without a cluster") { _models, _listen, _cluster, _backend, _threads };
        command.SetAction((parsed, cancellation) => CommandErrors.GuardAsync(parsed, () => RunAsync(parsed, cancellation)));
        return command;
    }

    private async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var server = Start(parsed);
        await parsed.InvocationConfiguration.Output.WriteLineAsync($"listening on {server.Address}").ConfigureAwait(false);
        await parsed.InvocationConfiguration.Output.FlushAsync(cancellation).ConfigureAwait(false);
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1));
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            server.UnloadIdle(s_idleLimit);
        }
    }

    private StageServer Start(ParseResult parsed)
    {
        var options = new StageServerOptions
        {
            Listen = parsed.GetRequiredValue(_listen),
            ClusterId = parsed.GetRequiredValue(_cluster),
            Engine = new EngineOptions { Backend = parsed.GetRequiredValue(_backend), Threads = parsed.GetValue(_threads) },
        };
        try
        {
            return StageServer.Start(options, new StageFolders(parsed.GetRequiredValue(_models)), new StageTeller(parsed.InvocationConfiguration.Error), TimeProvider.System);
        }
        catch (SocketException error)
        {
            throw new IOException($"{options.Listen} cannot be listened on: {error.Message}", error);
        }
    }
}
