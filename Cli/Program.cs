using System.CommandLine;
using OrleansLM.Cli.Chat;
using OrleansLM.Cli.Inspect;

var root = new RootCommand("OrleansLM: a distributed inference cluster for long-context language models with durable sessions")
{
    ChatCommand.Create(),
    InspectCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
