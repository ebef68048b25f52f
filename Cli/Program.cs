using System.CommandLine;
using OrleansLM.Cli.Inspect;

var root = new RootCommand("OrleansLM: long-context language models on a cluster of actors.")
{
    InspectCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
