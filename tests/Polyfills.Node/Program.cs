using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansLM.Polyfills.Node;

// Says "ready ADDRESS" when the silo is active, runs until its input ends, then stops in good order. Its log goes to the error stream.
using var everything = new ActivityListener
{
    ShouldListenTo = _ => true,
    Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
};
ActivitySource.AddActivityListener(everything);
IHost host = NodeHost.Create(
    NodeSettings.Parse(args[0]),
    logging => logging.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Information));
await host.StartAsync();
Console.WriteLine($"ready {host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString()}");
Task input = Task.Run(() => Console.In.ReadToEndAsync());
await Task.WhenAny(input, host.WaitForShutdownAsync());
await host.StopAsync();
Console.WriteLine("stopped");
