using System.CommandLine;
using OrleansLM.Cli.Bench.Quality;
using OrleansLM.Cli.Bench.Report;
using OrleansLM.Cli.Bench.Serve;
using OrleansLM.Cpu;

namespace OrleansLM.Cli.Bench;

/// <summary><c>bench</c>: measured limits, and what is reached of them.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measure: each run prints its limits first; --json FILE keeps the rows")
    {
        Cpu(),
        ServeCommand.Create(),
        QualityCommand.Create(),
        ReportCommand.Create(),
    };

    private static Command Cpu()
    {
        var json = new Option<string?>("--json") { Description = "File for the rows" };
        var threads = new Option<int?>("--threads") { Description = "Threads (default: all cores)" };
        var filter = new Option<string>("--filter") { Description = "Only rows whose name contains this", DefaultValueFactory = _ => "" };
        var seconds = new Option<double>("--seconds") { Description = "Seconds for each row", DefaultValueFactory = _ => 2 };
        var model = new Option<string?>("--model") { Description = "Folder of the small trained model (default: models/tiny-yarn-mistral-128k)" };
        var command = new Command("cpu", "Read bandwidth and multiply-add peak of this machine, then kernels, then decode and prefill of a 1B shape and the tiny model")
        {
            json, threads, filter, seconds, model,
        };
        command.SetAction(parsed =>
        {
            var options = CpuBenchOptions.Parse([]);
            CpuBench.Run(
                options with
                {
                    Json = parsed.GetValue(json),
                    Threads = parsed.GetValue(threads),
                    Filter = parsed.GetValue(filter)!,
                    Seconds = parsed.GetValue(seconds),
                    Tiny = parsed.GetValue(model) ?? options.Tiny,
                },
                Console.Out);
            return 0;
        });
        return command;
    }
}
