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
    private readonly LayerRange[] _layers;
    private volatile StageProcess[] _stages;

    public Pipeline(string model, int stages, EngineOptions? options = null, DataType hidden = DataType.Float32, TimeSpan? lossTimeout = null, LinkOptions? link = null)
    {
        var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        _layers = LayerRange.Split(checkpoint.Config.LayerCount, stages);
        _stages = [.. _layers.Skip(1).Select(_ => new StageProcess(link))];
        Engine = InferenceEngine.Load(
            checkpoint, ModelTokenizers.Open(TestFiles.Model(model)), (options ?? TinyEngine.Options()) with { Threads = 1 }, TimeProvider.System, meters: null,
            new RemoteStages
            {
                ClusterId = StageProcess.Cluster,
                Pipeline = "p",
                Layers = _layers,
                Route = this,
                Link = link ?? StageProcess.PatientLink,
                HiddenType = hidden,
                LossTimeout = lossTimeout ?? TimeSpan.FromMinutes(2),
            });
    }

    public InferenceEngine Engine { get; }

    public IReadOnlyList<StageProcess> Stages => _stages;

    public Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<StageHop>>(
        [.. _stages.Select((stage, i) => new StageHop(_layers[i + 1], stage.Server.Address))]);

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
