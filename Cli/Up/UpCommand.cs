using System.CommandLine;
using Microsoft.Extensions.Options;
using OrleansLM.Cli.Client;
using OrleansLM.Cli.Local;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Cli.Up;

/// <summary><c>up</c>: silo, gateway and engine in one process.</summary>
internal sealed class UpCommand
{
    private const string DefaultModel = "models/tiny-yarn-mistral-128k";

    private readonly Option<string[]> _models = new("--model") { Description = $"Model folder; may be given several times (default: {DefaultModel})", AllowMultipleArgumentsPerToken = true };
    private readonly Option<Uri> _listen = new("--listen") { Description = "Address of the gateway; port 0 takes a free one", DefaultValueFactory = _ => new Uri(ServerAddress.Default), CustomParser = ServerAddress.Parse };
    private readonly Option<string> _data = new("--data") { Description = "Folder of the session log", DefaultValueFactory = _ => DefaultDataDirectory() };
    private readonly Option<int> _stages = new("--stages") { Description = "Pipeline stages that each model is cut into", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _backend = new("--backend") { Description = "cpu, cuda or reference", DefaultValueFactory = _ => "cpu" };
    private readonly Option<DeviceChoice?> _device = new("--device") { Description = DeviceChoice.Help, CustomParser = DeviceChoice.Parse };
    private readonly Option<string> _activations = ActivationChoice.New();
    private readonly Option<int?> _threads = new("--threads") { Description = "Worker threads (default: all cores)" };
    private readonly Option<int?> _stateMib = new("--state-mib") { Description = "Memory for keys and values or recurrent states, in MiB (default: a quarter of what is free)" };
    private readonly Option<string> _stateType = StateTypeChoice.New();
    private readonly Option<int?> _stepTokens = new("--max-step-tokens") { Description = "Rows of one step at most: decode rows first, prefill fills the rest (default: 512, on a GPU 4096)" };
    private readonly Option<int?> _stateChunkTokens = new("--state-chunk-tokens") { Description = "Recurrent models: tokens after which a state moves on, [1, 128]; 1: the recurrent form (default: what the backend is fastest with)", HelpName = "N" };
    private readonly Option<int> _checkpointTokens = new("--checkpoint-tokens") { Description = "Recurrent models: keep the state at every multiple of N tokens, so that a rollback computes at most N again", HelpName = "N", DefaultValueFactory = _ => new EngineOptions().CheckpointTokens };
    private readonly Option<int> _maxCheckpoints = new("--max-checkpoints") { Description = "Recurrent models: such states kept for each session; when there are more, the oldest are thinned out", HelpName = "N", DefaultValueFactory = _ => new EngineOptions().MaxCheckpoints };
    private readonly Option<double> _sleepAfter = new("--sleep-after") { Description = "Seconds that a session lies idle before its state leaves memory for a snapshot on disk; 0: never by itself", HelpName = "SECONDS", DefaultValueFactory = _ => new SnapshotOptions().SleepAfter.TotalSeconds };
    private readonly Option<long> _snapshotQuota = new("--snapshot-quota") { Description = "MiB that the snapshots of sleeping sessions may take together, in the folder of the session log; 0: none are written", HelpName = "MIB", DefaultValueFactory = _ => new SnapshotOptions().QuotaBytes >> 20 };
    private readonly Option<Uri?> _otlp = new("--otlp") { Description = "OTLP endpoint (gRPC) that traces and metrics are sent to", CustomParser = ServerAddress.Parse };
    private readonly Option<LogLevel> _logLevel = new("--log-level") { Description = "Least important log lines that are written", DefaultValueFactory = _ => LogLevel.Warning };
    private readonly Option<bool> _jsonLogs = new("--log-json") { Description = "Structured logs: one JSON object a line" };
    private readonly Option<string?> _config = new("--config") { Description = "JSON file with sections Gateway, Serving, Sessions, SessionLog, Snapshots" };
    private readonly Option<string[]> _set = new("--set") { Description = "A single setting, for example --set Gateway:MaxPromptTokens=4096", AllowMultipleArgumentsPerToken = true };

    public static Command Create() => new UpCommand().Build();

    private Command Build()
    {
        _backend.AcceptOnlyFromAmong("cpu", "reference", "cuda");
        var command = new Command("up", "Serve models: silo, gateway and engine in one process, sessions in SQLite")
        {
            _models, _listen, _data, _stages, _backend, _device, _activations, _threads, _stateMib, _stateType, _stepTokens, _stateChunkTokens, _checkpointTokens, _maxCheckpoints, _sleepAfter, _snapshotQuota, _otlp, _logLevel, _jsonLogs, _config, _set,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            await using var server = await Server.StartAsync(Read(parsed), cancellationToken);
            await server.PrintBannerAsync(Console.Out);
            await server.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (Exception error) when (error is CheckpointException or ArgumentException or OptionsValidationException or IOException or OutOfMemoryException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"orleanslm up: {error.Message}");
            return 1;
        }
    }

    private UpSettings Read(ParseResult parsed)
    {
        var models = parsed.GetValue(_models) is { Length: > 0 } given ? given : [Path.Combine(Home(), DefaultModel)];
        var backend = parsed.GetValue(_device)?.Backend ?? parsed.GetValue(_backend)!;
        var defaults = StateTypeChoice.Apply(parsed.GetRequiredValue(_stateType), ActivationChoice.Apply(parsed.GetValue(_activations)!, new EngineOptions { Backend = backend }));
        return new UpSettings
        {
            Models = models,
            Listen = parsed.GetValue(_listen)!,
            DataDirectory = parsed.GetValue(_data)!,
            Engine = defaults with
            {
                Stages = parsed.GetValue(_stages),
                Devices = parsed.GetValue(_device)?.Devices ?? [0],
                Threads = parsed.GetValue(_threads),
                StateBytes = parsed.GetValue(_stateMib) is { } mib ? (long)mib << 20 : null,
                MaxStepTokens = parsed.GetValue(_stepTokens) ?? defaults.MaxStepTokens,
                StateChunkTokens = parsed.GetValue(_stateChunkTokens) ?? defaults.StateChunkTokens,
                CheckpointTokens = parsed.GetValue(_checkpointTokens),
                MaxCheckpoints = parsed.GetValue(_maxCheckpoints),
            },
            SleepAfterSeconds = parsed.GetValue(_sleepAfter),
            SnapshotQuotaMib = parsed.GetValue(_snapshotQuota),
            Otlp = parsed.GetValue(_otlp),
            LogLevel = parsed.GetValue(_logLevel),
            JsonLogs = parsed.GetValue(_jsonLogs),
            ConfigFile = parsed.GetValue(_config),
            Set = parsed.GetValue(_set) ?? [],
        };
    }

    private static string Home() => Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? Directory.GetCurrentDirectory();

    private static string DefaultDataDirectory() => Environment.GetEnvironmentVariable("ORLEANSLM_DATA")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "orleanslm");
}
