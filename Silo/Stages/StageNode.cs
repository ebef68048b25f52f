using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Stages;

/// <summary>This silo's stage server, and its device as others see it. Listens before the silo joins the cluster and until it has left it.</summary>
public sealed partial class StageNode(
    IOptions<StageSettings> settings, IOptions<ServingOptions> serving, ILocalSiloDetails silo, LocalLoad load, PipelineTable pipelines, IOptions<PlacementOptions> placement,
    TimeProvider time, ILogger<StageNode> logger) : IHostedLifecycleService, IStageModels, IStageObserver, IDisposable
{
    private readonly StageSettings _settings = settings.Value;
    private StageServer? _server;
    private ITimer? _idle;
    private double _bytesPerSecond;

    /// <summary>The device, and what is on it.</summary>
    public StageDevice Describe()
    {
        var loaded = _server?.Stages ?? [];
        return new StageDevice
        {
            Silo = silo.SiloAddress.ToParsableString(),
            Name = silo.Name,
            Zone = placement.Value.Zone,
            LinkAddress = _server?.Address.ToString() ?? "",
            Bytes = _settings.MemoryMib << 20 ?? (AvailableMemory.Bytes() + loaded.Sum(stage => stage.Bytes)),
            BytesPerSecond = _bytesPerSecond,
            IsDraining = load.IsDraining,
            Stages = loaded.Select(Describe).ToArray(),
            Pipelines = pipelines.Requests.ToArray(),
        };
    }

    public void Unload(string pipeline) => _server?.Unload(pipeline);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // A silo that has nothing to do with pipelines is not measured: it is not asked.
        var takesPart = _settings.Enabled || serving.Value.Models.Any(model => model.Pipeline is not null);
        _bytesPerSecond = _settings.GigabytesPerSecond * 1e9 ?? (takesPart ? ReadSpeed.Measure() : 0);
        if (_settings.Enabled)
        {
            _server = StageServer.Start(Options(), this, this, time);
            _idle = time.CreateTimer(_ => _server.UnloadIdle(_settings.IdleLimit), null, _settings.IdleLimit, _settings.IdleLimit);
            LogListening(_server.Address);
        }

        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _idle?.Dispose();
        _server?.Dispose();
    }

    public Checkpoint Open(string model) => Find(model) is { } options
        ? Checkpoint.Open(options.Directory)
        : throw new CheckpointException($"silo {silo.Name} knows no model folder '{model}'; expected one of {string.Join(", ", serving.Value.Models.Select(options => Checkpoint.FolderName(options.Directory)))}");

    public void Refused(string peer, string reason) => LogRefused(peer, reason);

    public void Loaded(StageAssignment stage, TimeSpan took) => LogLoaded(stage, took.TotalSeconds);

    public void Connected(StageAssignment stage, long epoch, string peer) => LogConnected(stage, epoch, peer);

    public void Lost(StageAssignment stage, long epoch, string reason) => LogLost(stage, epoch, reason);

    public void Unloaded(StageAssignment stage) => LogUnloaded(stage);

    private StageServerOptions Options() => new()
    {
        Listen = new LinkAddress(_settings.Host, _settings.Port),
        ClusterId = silo.ClusterId,
        Engine = serving.Value.Models.FirstOrDefault()?.Engine ?? new EngineOptions(),
        Link = StageLinks.Of(_settings),
    };

    private ModelOptions? Find(string model) => serving.Value.Models.FirstOrDefault(options => Checkpoint.FolderName(options.Directory) == model);

    private static LoadedStage Describe(StageInUse stage) => new()
    {
        Pipeline = stage.Stage.Pipeline,
        Model = stage.Stage.Model,
        Fingerprint = stage.Stage.Fingerprint,
        FirstLayer = stage.Stage.Layers.Start,
        EndLayer = stage.Stage.Layers.End,
        IsConnected = stage.IsConnected,
        Steps = stage.Steps,
        BusySeconds = stage.Busy.TotalSeconds,
        Bytes = stage.Bytes,
    };
}
