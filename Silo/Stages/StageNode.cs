using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Stages;

/// <summary>This silo's stage server, and its device as others see it. Listens before the silo joins the cluster and until it has left it.</summary>
public sealed partial class StageNode(
    IOptions<StageSettings> settings, IOptions<ServingOptions> serving, ILocalSiloDetails silo, LocalLoad load, PipelineTable pipelines, WholeReplicas replicas,
    IOptions<PlacementOptions> placement, TimeProvider time, SiloMetrics metrics, ILogger<StageNode> logger) : IHostedLifecycleService, IStageModels, IStageObserver, IDisposable
{
    private readonly StageSettings _settings = settings.Value;
    private readonly Lazy<double> _bytesPerSecond = new(() => settings.Value.GigabytesPerSecond * 1e9 ?? ReadSpeed.Measure());
    private StageServer? _server;
    private ITimer? _idle;

    /// <summary>The stages that are loaded here for pipelines of other silos.</summary>
    public IReadOnlyList<StageInUse> Held => _server?.Stages ?? [];

    /// <summary>The device, and what is on it.</summary>
    public StageDevice Describe()
    {
        var loaded = Held;
        var (begun, whole) = (pipelines.Requests, replicas.Requests);
        return new StageDevice
        {
            Silo = silo.SiloAddress.ToParsableString(),
            Name = silo.Name,
            Zone = placement.Value.Zone,
            LinkAddress = _server?.Address.ToString() ?? "",
            Bytes = Bytes(loaded, begun, whole),
            BytesPerSecond = _bytesPerSecond.Value,
            IsDraining = load.IsDraining,
            Stages = loaded.Select(Describe).ToArray(),
            Pipelines = begun.ToArray(),
            Replicas = whole.ToArray(),
            Models = serving.Value.Models.Select(options => Checkpoint.FolderName(options.Directory)).ToArray(),
            Device = Device(serving.Value.Models.FirstOrDefault()?.Engine),
        };
    }

    public void Unload(string pipeline) => _server?.Unload(pipeline);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (_settings.Enabled)
        {
            // Before there is anything to compute: later, others would be measured as well.
            _ = _bytesPerSecond.Value;
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

    public void Refused(string peer, string reason)
    {
        metrics.LinkRefused();
        LogRefused(peer, reason);
    }

    public void Loaded(StageAssignment stage, TimeSpan took) => LogLoaded(stage, took.TotalSeconds);

    public void Connected(StageAssignment stage, long epoch, string peer) => LogConnected(stage, epoch, peer);

    public void Lost(StageAssignment stage, long epoch, string reason)
    {
        metrics.LinkLost();
        LogLost(stage, epoch, reason);
    }

    public void Unloaded(StageAssignment stage) => LogUnloaded(stage);

    private StageServerOptions Options() => new()
    {
        Listen = new LinkAddress(_settings.Host, _settings.Port),
        ClusterId = silo.ClusterId,
        Engine = serving.Value.Models.FirstOrDefault()?.Engine ?? new EngineOptions(),
        Link = StageLinks.Of(_settings),
    };

    /// <summary>What is free, and what is taken that the plan counts again. Weights are mapped: the system counts them as free. A limit is meant for stages, so whole models come on top of it.</summary>
    private long Bytes(IReadOnlyList<StageInUse> loaded, IEnumerable<PipelineRequest> begun, IReadOnlyList<PipelineRequest> whole) => _settings.MemoryMib is { } limit
        ? (limit << 20) + whole.Sum(model => model.LayerBytes.Sum() + model.EmbeddingBytes + model.OutputBytes + (model.StateBytesPerLayer * model.LayerBytes.Length))
        : AvailableMemory.Bytes() + loaded.Sum(stage => stage.Bytes) + begun.Concat(whole).Sum(StateHere);

    private static long StateHere(PipelineRequest request) => request.Current is [var first, ..] ? request.StateBytesPerLayer * (first.EndLayer - first.FirstLayer) : 0;

    private static string Device(EngineOptions? engine) => engine switch
    {
        null => "cpu",
        { Backend: "cuda" } => $"cuda:{string.Join(',', engine.Devices)}",
        _ => engine.Backend,
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
