using System.CommandLine;
using System.CommandLine.Help;
using OrleansLM.Cli.Archive;
using OrleansLM.Cli.Bench;
using OrleansLM.Cli.Chat;
using OrleansLM.Cli.Cluster;
using OrleansLM.Cli.Generate;
using OrleansLM.Cli.Inspect;
using OrleansLM.Cli.Nodes;
using OrleansLM.Cli.Perplexity;
using OrleansLM.Cli.Stage;
using OrleansLM.Cli.Up;

namespace OrleansLM.Cli;

/// <summary>The program as a whole. Not a <c>RootCommand</c>: that is called after the assembly, and this one after the script that users type.</summary>
public static class CommandLine
{
    public static Command Create() => new("orleanslm", "OrleansLM: a distributed inference cluster for long-context language models with durable sessions")
    {
        BenchCommand.Create(),
        ChatCommand.Create(),
        ClusterCommand.Create(),
        NodeCommands.Gateway(),
        GenerateCommand.Create(),
        InspectCommand.Create(),
        PerplexityCommand.Create(),
        SessionCommand.Create(),
        NodeCommands.Silo(),
        StageCommand.Create(),
        UpCommand.Create(),
        new HelpOption(),
        new VersionOption(),
    };
}
