using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cluster.Tests.Stages;

/// <summary>An engine in this process with its other stages in <see cref="StageProgram"/>s; without any, a whole one.</summary>
internal sealed class StagedEngine : IStageRoute, IAsyncDisposable
{
    private readonly LayerRange[] _layers;
    private volatile StageProgram[] _programs;

    public StagedEngine(string folder, params StageProgram[] programs)
    {
        var checkpoint = Checkpoint.Open(folder);
        _programs = programs;
        _layers = LayerRange.Split(checkpoint.Config.LayerCount, programs.Length + 1);
        var remote = new RemoteStages
        {
            ClusterId = "orleanslm",
            Pipeline = checkpoint.Name,
            Layers = _layers,
            Route = this,
            Link = new LinkOptions { SilenceLimit = TimeSpan.FromSeconds(5), ConnectTimeout = TimeSpan.FromMinutes(1) },
            LossTimeout = TimeSpan.FromMinutes(5),
        };
        Engine = InferenceEngine.Load(
            checkpoint, ModelTokenizers.Open(folder), new EngineOptions { Threads = 1, MaxStepTokens = 64, StateBytes = 64 << 20 }, TimeProvider.System, meters: null,
            programs.Length == 0 ? null : remote);
    }

    public InferenceEngine Engine { get; }

    public Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<StageHop>>(
        [.. _programs.Select((program, i) => new StageHop(_layers[i + 1], program.Address))]);

    /// <summary>From the next connection on the stage is served by <paramref name="program"/>.</summary>
    public void Replace(int stage, StageProgram program)
    {
        var programs = _programs.ToArray();
        programs[stage] = program;
        _programs = programs;
    }

    /// <summary>Several turns together, greedy and seeded, long prompts and short ones; ids of each.</summary>
    public async Task<List<int[]>> RunAsync(Action<int>? onToken = null)
    {
        var count = 0;
        var turns = Enumerable.Range(0, 4).Select(async i =>
        {
            var turn = Engine.CreateSequence([]).Submit(new TurnRequest
            {
                Tokens = Enumerable.Range(0, 30 + 50 * i).Select(at => 3 + (at * 7919 + i * 104_729) % 250).ToArray(),
                Sampling = i % 2 == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 0.9f, TopP = 0.9f, Seed = (ulong)i },
                Stop = new StopConditions { MaxNewTokens = 40, IgnoreEos = true },
            });
            var ids = new List<int>();
            await foreach (var output in turn.Output.ReadAllAsync())
            {
                if (output.Kind == TurnOutputKind.Token)
                {
                    ids.Add(output.Token.TokenId);
                    onToken?.Invoke(Interlocked.Increment(ref count));
                }
            }

            return ids.ToArray();
        });
        return [.. await Task.WhenAll(turns)];
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}
