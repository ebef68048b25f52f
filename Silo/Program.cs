using OrleansLM.Silo.Hosting;

// A node of the cluster: dotnet OrleansLM.Silo.dll --clustering Postgres --connection … --model FOLDER …
return await SiloNode.RunAsync(args, CancellationToken.None);
