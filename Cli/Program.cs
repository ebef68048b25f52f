using OrleansLM.Cli;
using OrleansLM.Cli.Nodes;

// A node reads its settings by itself, in the order in which they stand.
return NodeCommands.IsNode(args) ? await NodeCommands.RunAsync(args) : await CommandLine.Create().Parse(args).InvokeAsync();
