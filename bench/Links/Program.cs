using OrleansLM.Links;

LinkBench.Run(seconds: 5, json: args.Length > 0 ? args[0] : null, Console.Out);
