using System.CommandLine;
using OrleansLM.Cli.Bench;
using OrleansLM.Cli.Chat;
using OrleansLM.Cli.Generate;
using OrleansLM.Cli.Inspect;
using OrleansLM.Cli.Perplexity;
using OrleansLM.Cli.Stage;
using OrleansLM.Cli.Up;

var root = new RootCommand("OrleansLM: a distributed inference cluster for long-context language models with durable sessions")
{
    BenchCommand.Create(),
    ChatCommand.Create(),
    GenerateCommand.Create(),
    InspectCommand.Create(),
    PerplexityCommand.Create(),
    StageCommand.Create(),
    UpCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
