using System.CommandLine;
using OrleansLM.Cli.Bench.Capacity;
using OrleansLM.Cli.Bench.Chaos;
using OrleansLM.Cli.Bench.Move;
using OrleansLM.Cli.Bench.Quality;
using OrleansLM.Cli.Bench.Report;
using OrleansLM.Cli.Bench.Serve;
using OrleansLM.Cli.Bench.State;
using OrleansLM.Cpu;
using OrleansLM.Gpu;
using OrleansLM.Links;

namespace OrleansLM.Cli.Bench;

/// <summary><c>bench</c>: measured limits, and what is reached of them.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measure: each run prints its limits first; --json FILE keeps the rows")
    {
        Cpu(),
        Links(),
        ChaosCommand.Create(),
        MoveCommand.Create(),
        CapacityCommand.Create(),
        Gpu(),
        ServeCommand.Create(),
        QualityCommand.Create(),
        StateCommand.Create(),
        ReportCommand.Create(),
    };

    private static Command Cpu()
    {
        var json = new Option<string?>("--json") { Description = "File for the rows" };
        var threads = new Option<int?>("--threads") { Description = "Threads (default: all cores)" };
        var filter = new Option<string>("--filter") { Description = "Only rows whose name contains this", DefaultValueFactory = _ => "" };
        var seconds = new Option<double>("--seconds") { Description = "Seconds for each row", DefaultValueFactory = _ => 1 };
        var model = new Option<string?>("--model") { Description = "Folder of a model: its rows and those of a 1B shape of its family only (default: kernels, both 1B shapes, the small models)" };
        var command = new Command("cpu", "Read bandwidth and multiply-add peak of this machine, then kernels, then decode and prefill of 1B shapes and the small models")
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
                    Model = parsed.GetValue(model),
                },
                Console.Out);
            return 0;
        });
        return command;
    }

    private static Command Links()
    {
        var json = new Option<string?>("--json") { Description = "File for the rows" };
        var seconds = new Option<double>("--seconds") { Description = "Seconds for each row", DefaultValueFactory = _ => 5 };
        var command = new Command("links", "The link between stages against the raw socket: throughput of 8 MiB frames, added time for one token's hidden state") { json, seconds };
        command.SetAction(parsed =>
        {
            LinkBench.Run(parsed.GetValue(seconds), parsed.GetValue(json), Console.Out);
            return 0;
        });
        return command;
    }

    private static Command Gpu()
    {
        var json = new Option<string?>("--json") { Description = "File for the rows" };
        var filter = new Option<string>("--filter") { Description = "Only rows whose name contains one of these, separated by commas", DefaultValueFactory = _ => "" };
        var steps = new Option<int>("--steps") { Description = "Timed decode steps for each row", DefaultValueFactory = _ => 60 };
        var devices = new Option<string>("--devices") { Description = "Devices by the driver's numbers, separated by commas", DefaultValueFactory = _ => "0" };
        var parity = new Option<string?>("--parity") { Description = "Folder that transformers_baseline.py wrote: compare logits" };
        var engine = new Option<string?>("--engine") { Description = "Model folder for whole engines, on one and more of the devices (default: a 7B shape of random weights, 15 GB in the folder for temporary files)" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Folder of the tokenizer for --engine (default: models/tiny-yarn-mistral-128k)" };
        var sessions = new Option<string?>("--sessions") { Description = "Model folder (default: models/tiny-yarn-mistral-128k): 24 sessions of mixed length come and go on the device; does its memory stay flat, do the ids stay the same" };
        var sessionSeconds = new Option<int>("--session-seconds") { Description = "Seconds that they go on", DefaultValueFactory = _ => 180 };
        var command = new Command("gpu", "Copy and matrix product limits of a GPU, then upload, prefill and decode of 7B shapes with random weights, whole engines, and sessions that come and go: about six minutes on an H200")
        {
            json, filter, steps, devices, parity, engine, tokenizer, sessions, sessionSeconds,
        };
        command.SetAction(parsed =>
        {
            string[] given =
            [
                .. Pair("--json", parsed.GetValue(json)), .. Pair("--filter", parsed.GetValue(filter)), .. Pair("--parity", parsed.GetValue(parity)),
                .. Pair("--engine", parsed.GetValue(engine)), .. Pair("--tokenizer", parsed.GetValue(tokenizer)),
                .. Pair("--sessions", parsed.GetValue(sessions)),
            ];
            return GpuBench.Run([.. given, "--steps", $"{parsed.GetValue(steps)}", "--session-seconds", $"{parsed.GetValue(sessionSeconds)}", "--devices", parsed.GetValue(devices)!]);
        });
        return command;
    }

    private static string[] Pair(string name, string? value) => string.IsNullOrEmpty(value) ? [] : [name, value];
}
