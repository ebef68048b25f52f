using OrleansLM.Cli;

return await CommandLine.Create().Parse(args).InvokeAsync();
