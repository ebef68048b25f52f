using OrleansLM.Gateway.Hosting;

// A front door of the cluster: dotnet OrleansLM.Gateway.dll --clustering Postgres --connection … --listen http://0.0.0.0:5190
return await GatewayNode.RunAsync(args, CancellationToken.None);
