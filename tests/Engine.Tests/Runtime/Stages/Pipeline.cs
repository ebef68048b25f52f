using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>An engine whose stages but the first are served by <see cref="StageProcess"/>es over loopback. The route can be changed while it runs.</summary>
internal sealed class Pipeline : IStageRoute, IAsyncDisposable
{
    private readonly int _layerCount;
    private volatile StageProcess[] _stages;
    private int _unroutable;

    public Pipeline(string model, int stages, EngineOptions? options = null, DataType hidden = DataType.Float32, TimeSpan? lossTimeout = null, LinkOptions? link = null,
        EngineOptions? stageEngine = null, string? carriage = null)
    {
        var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        _layerCount = checkpoint.Config.LayerCount;
        _stages = [.. Enumerable.Range(1, stages - 1).Select(_ => new StageProcess(link, engine: stageEngine))];
        Engine = InferenceEngine.Load(
            checkpoint, ModelTokenizers.Open(TestFiles.Model(model)), (options ?? TinyEngine.Options()) with { Threads = 1 }, TimeProvider.System, meters: null,
            new RemoteStages
            {
                ClusterId = StageProcess.Cluster,
                Pipeline = "p",
                Layers = LayerRange.Split(_layerCount, stages),
                Route = this,
                Link = link ?? StageProcess.PatientLink,
                HiddenType = hidden,
                LossTimeout = lossTimeout ?? TimeSpan.FromMinutes(2),
                CarriageFolder = carriage,
            });
    }

    public InferenceEngine Engine { get; }

    public IReadOnlyList<StageProcess> Stages => _stages;

    public Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation)
    {
        if (lost is not null && Interlocked.Decrement(ref _unroutable) >= 0)
        {
            throw new LinkLostException("there is no route yet");
        }

        var stages = _stages;
        var layers = LayerRange.Split(_layerCount, stages.Length + 1);
        return Task.FromResult<IReadOnlyList<StageHop>>([.. stages.Select((stage, i) => new StageHop(layers[i + 1], stage.Server.Address))]);
    }

    /// <summary>Cuts the model into another number of stages while it runs. The processes that are there stay, and are given other layers.</summary>
    /// <param name="stages">How many.</param>
    /// <param name="unroutable">How often there is no route to them at first.</param>
    public void Cut(int stages, int unroutable = 0)
    {
        Volatile.Write(ref _unroutable, unroutable);
        _stages = [.. _stages.Take(stages - 1), .. Enumerable.Range(0, Math.Max(0, stages - 1 - _stages.Length)).Select(_ => new StageProcess())];
        Engine.Reroute();
    }

    /// <summary>The stage is gone; with <paramref name="replace"/> another takes its place elsewhere.</summary>
    public void Lose(int stage, bool replace = true)
    {
        var (all, lost) = (_stages.ToArray(), _stages[stage]);
        if (replace)
        {
            all[stage] = new StageProcess();
            _stages = all;
        }

        lost.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        foreach (var stage in _stages)
        {
            stage.Dispose();
        }
    }
}
