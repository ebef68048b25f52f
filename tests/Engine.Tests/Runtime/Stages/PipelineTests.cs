using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

public sealed class PipelineTests
{
    private static readonly SamplingParameters[] Ways =
    [
        SamplingParameters.Greedy,
        new() { Temperature = 0.9f, TopP = 0.95f, TopK = 50, Seed = 7, LogProbs = 3 },
        new() { Temperature = 1.2f, MinP = 0.02f, Seed = 11 },
        new() { Temperature = 0.8f, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.4f, Seed = 5, LogProbs = 0 },
        new() { LogitBias = new Dictionary<int, float> { [300] = 4 } },
    ];

    [Theory]
    [InlineData(TinyEngine.Yarn, 2)]
    [InlineData(TinyEngine.Yarn, 4)]
    [InlineData(TinyEngine.Supra, 2)]
    [InlineData(TinyEngine.Supra, 4)]
    public async Task Stages_elsewhere_give_the_bits_of_one_process(string model, int stages)
    {
        var options = TinyEngine.Options(budget: 48, pages: 160) with { CheckpointTokens = 64 };
        await using var one = TinyEngine.Load(model, options with { Threads = 1 });
        await using var pipeline = new Pipeline(model, stages, options);
        Assert.Equal(await RunAllAsync(one), await RunAllAsync(pipeline.Engine));
        Assert.Equal(LayerRange.Split(one.Config.LayerCount, stages), pipeline.Engine.Description.Stages);
        Assert.All(pipeline.Stages, stage => Assert.True(Assert.Single(stage.Server.Stages) is { IsConnected: true, Steps: > 20 }));
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task A_lost_middle_stage_is_replaced_alone_and_turns_go_on_with_the_same_ids(string model)
    {
        // With penalties: the new pipeline's last stage knows no counts. The engine may not run ahead of the reader, or it could be through before the loss.
        var options = TinyEngine.Options(budget: 64, pages: 100) with { OutputBuffer = 4 };
        await using var one = TinyEngine.Load(model, options with { Threads = 1 });
        await using var pipeline = new Pipeline(model, 4, options);
        var expected = TinyEngine.Bits(await TinyEngine.GenerateAsync(one.CreateSequence(Prompt(1, 150)), Prompt(2, 30), 60, Ways[3]));
        var idle = pipeline.Engine.CreateSequence([]);
        await TinyEngine.GenerateAsync(idle, Prompt(3, 40), 5);

        var turn = pipeline.Engine.CreateSequence(Prompt(1, 150)).Submit(LoopRig.Request(Prompt(2, 30), 60, Ways[3]));
        var outputs = new List<TurnOutput>();
        await foreach (var output in turn.Output.ReadAllAsync())
        {
            outputs.Add(output);
            if (outputs.Count(known => known.Kind == TurnOutputKind.Token) == 20 && output.Kind == TurnOutputKind.Token)
            {
                pipeline.Lose(stage: 1);
            }
        }

        Assert.Equal(expected, TinyEngine.Bits(outputs));
        Assert.All(pipeline.Stages, stage => Assert.Single(stage.Told, told => told.StartsWith("loaded", StringComparison.Ordinal)));
        var again = await one.CreateSequence([]).AfterAsync(Prompt(3, 40), 5);
        var after = await TinyEngine.GenerateAsync(idle, Prompt(4, 10), 10);
        Assert.Equal(TinyEngine.Bits(await TinyEngine.GenerateAsync(again, Prompt(4, 10), 10)), TinyEngine.Bits(after));
    }

    [Fact]
    public async Task Turns_fail_when_a_lost_stage_does_not_come_back()
    {
        await using var pipeline = new Pipeline(TinyEngine.Yarn, 2, lossTimeout: TimeSpan.FromMilliseconds(300));
        var sequence = pipeline.Engine.CreateSequence([1, 2, 3]);
        var turn = sequence.Submit(LoopRig.Request([], 100_000));
        Assert.True(await turn.Output.WaitToReadAsync());
        pipeline.Lose(stage: 0, replace: false);
        var error = await Assert.ThrowsAsync<EngineException>(() => TinyEngine.ReadAsync(turn));
        Assert.Equal(EngineError.Unavailable, error.Error);
        Assert.Contains("stage of p is lost", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, sequence.Length);
    }

    [Fact]
    public async Task Everything_that_does_not_belong_is_refused_with_the_reason_on_both_sides()
    {
        using var stage = new StageProcess();
        using var otherWeights = new StageProcess(otherModel: TinyEngine.Supra);
        await RefusedAsync(stage, "cluster is 'other'; expected 'test'", cluster: "other");
        await RefusedAsync(otherWeights, "the weights here have the fingerprint");
    }

    private static async Task RefusedAsync(StageProcess stage, string reason, string cluster = StageProcess.Cluster)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(TinyEngine.Yarn));
        var layers = LayerRange.Split(checkpoint.Config.LayerCount, 2);
        var remote = new RemoteStages
        {
            ClusterId = cluster,
            Pipeline = "p",
            Layers = layers,
            Route = new FixedStageRoute([new StageHop(layers[1], stage.Server.Address)]),
            Link = StageProcess.PatientLink,
        };
        var error = await Assert.ThrowsAsync<LinkRefusedException>(() => Task.Run(() => InferenceEngine.Load(
            checkpoint, ModelTokenizers.Open(TestFiles.Model(TinyEngine.Yarn)), TinyEngine.Options() with { Threads = 1 }, TimeProvider.System, meters: null, remote)));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(stage.Told, told => told.StartsWith("refused: ", StringComparison.Ordinal) && told.Contains(reason, StringComparison.Ordinal));
    }

    /// <summary>Many turns at once, of all ways of sampling, with scores, forks and rollbacks.</summary>
    internal static async Task<List<List<(int Id, float LogProb)>>> RunAllAsync(InferenceEngine engine)
    {
        var sequences = Enumerable.Range(0, Ways.Length).Select(i => engine.CreateSequence(Prompt(i, 40 + 30 * i))).ToArray();
        var turns = sequences.Select((sequence, i) => TinyEngine.GenerateAsync(sequence, Prompt(100 + i, 20), 24, Ways[i])).ToList();
        turns.Add(TinyEngine.ReadAsync(engine.CreateSequence([]).Submit(LoopRig.Request(Prompt(50, 130), 4) with { PromptLogProbs = 2 })));
        var results = (await Task.WhenAll(turns)).Select(TinyEngine.Bits).ToList();
        var fork = await sequences[1].ForkAsync(75);
        await sequences[0].TruncateAsync(70);
        results.Add(TinyEngine.Bits(await TinyEngine.GenerateAsync(fork, Prompt(60, 9), 12, Ways[2])));
        results.Add(TinyEngine.Bits(await TinyEngine.GenerateAsync(sequences[0], Prompt(61, 9), 12, Ways[0])));
        return results;
    }

    private static int[] Prompt(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => 3 + (int)((uint)(i * 7919 + seed * 104729) % 250))];
}
