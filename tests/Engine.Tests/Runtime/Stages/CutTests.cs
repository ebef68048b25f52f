using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>A model that is cut anew while it generates: the state of all its sequences comes along.</summary>
public sealed class CutTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 0.9f, TopP = 0.95f, TopK = 50, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.4f, Seed = 7, LogProbs = 3 };

    // The engine may not run ahead of the reader, or it could be through before the cut.
    private static readonly EngineOptions Options = TinyEngine.Options(budget: 64, pages: 100) with { OutputBuffer = 4, CheckpointTokens = 64 };

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Turns_go_on_with_the_same_ids_and_nothing_is_computed_again(string model)
    {
        await using var pipeline = new Pipeline(model, 2, Options);
        var idle = pipeline.Engine.CreateSequence([]);
        await TinyEngine.GenerateAsync(idle, Prompt(3, 140), 5);
        var fork = await idle.ForkAsync(130);
        await RunAsync(model, pipeline, new() { [10] = () => pipeline.Cut(4), [30] = () => pipeline.Cut(3, unroutable: 2), [45] = () => pipeline.Cut(2) });
        Assert.Equal(LayerRange.Split(pipeline.Engine.Config.LayerCount, 2), pipeline.Engine.Description.Stages);
        // Prompts and nothing else.
        Assert.Equal(140 + 150 + 30, pipeline.Engine.GetStatus().PrefilledTokens);
        Assert.Equal(144, idle.ComputedLength);
        await GoesOnAsync(model, idle);
        await GoesOnAsync(model, fork);
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Where_state_cannot_be_carried_it_is_computed_again(string model)
    {
        // A file is where the folder should be.
        var file = Path.GetTempFileName();
        await using var pipeline = new Pipeline(model, 2, Options, carriage: file);
        var idle = pipeline.Engine.CreateSequence([]);
        await TinyEngine.GenerateAsync(idle, Prompt(3, 140), 5);
        await RunAsync(model, pipeline, new() { [10] = () => pipeline.Cut(4), [30] = () => pipeline.Cut(3) });
        Assert.True(pipeline.Engine.GetStatus().PrefilledTokens > 140 + 180 + 180 + 180, $"{pipeline.Engine.GetStatus()}");
        Assert.Equal(0, idle.ComputedLength);
        await GoesOnAsync(model, idle);
        File.Delete(file);
    }

    [Fact]
    public async Task A_state_that_is_exported_or_comes_in_meanwhile_is_whole()
    {
        var options = Options with { OutputBuffer = 4096 };
        await using var one = TinyEngine.Load(TinyEngine.Yarn, options with { Threads = 1 });
        await using var pipeline = new Pipeline(TinyEngine.Yarn, 3, options);
        var source = one.CreateSequence([]);
        await TinyEngine.GenerateAsync(source, Prompt(1, 150), 5);
        var stored = await State.Transfer.StoredStates.OfAsync(source);
        for (var round = 0; round < 6; round++)
        {
            var sequence = pipeline.Engine.CreateSequence(source.CopyTokens(0, source.Length));
            pipeline.Cut(2 + round % 3);
            Assert.Equal(source.ComputedLength, await sequence.ImportAsync(await stored.OpenAsync()));
            pipeline.Cut(4 - round % 3);
            Assert.Equal(stored.Bytes, (await State.Transfer.StoredStates.OfAsync(sequence)).Bytes);
            await sequence.DisposeAsync();
        }
    }

    /// <summary>A turn over which things happen, each after so many tokens: its ids are those of one process.</summary>
    private static async Task RunAsync(string model, Pipeline pipeline, Dictionary<int, Action> happens)
    {
        await using var one = TinyEngine.Load(model, Options with { Threads = 1, OutputBuffer = 4096 });
        var expected = TinyEngine.Bits(await TinyEngine.GenerateAsync(one.CreateSequence(Prompt(1, 150)), Prompt(2, 30), 60, Seeded));
        var outputs = new List<TurnOutput>();
        await foreach (var output in pipeline.Engine.CreateSequence(Prompt(1, 150)).Submit(LoopRig.Request(Prompt(2, 30), 60, Seeded)).Output.ReadAllAsync())
        {
            outputs.Add(output);
            if (output.Kind == TurnOutputKind.Token && happens.Remove(outputs.Count(known => known.Kind == TurnOutputKind.Token), out var action))
            {
                action();
            }
        }

        Assert.Equal(expected, TinyEngine.Bits(outputs));
        Assert.Empty(happens);
    }

    private static async Task GoesOnAsync(string model, IEngineSequence sequence)
    {
        await using var one = TinyEngine.Load(model, Options with { Threads = 1, OutputBuffer = 4096 });
        var same = one.CreateSequence(sequence.CopyTokens(0, sequence.Length));
        Assert.Equal(TinyEngine.Bits(await TinyEngine.GenerateAsync(same, Prompt(4, 10), 10)), TinyEngine.Bits(await TinyEngine.GenerateAsync(sequence, Prompt(4, 10), 10)));
    }

    private static int[] Prompt(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => 3 + (int)((uint)(i * 7919 + seed * 104729) % 250))];
}
