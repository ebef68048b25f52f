using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tests.State.Transfer;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>State that lies in several processes leaves and comes in as if it lay in one.</summary>
public sealed class StageStateTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 0.9f, TopP = 0.95f, Seed = 7 };

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task State_moves_between_any_cuts_and_turns_go_on_with_the_same_bits(string model)
    {
        var options = TinyEngine.Options(budget: 64, pages: 60) with { CheckpointTokens = 64, Threads = 1 };
        await using var one = TinyEngine.Load(model, options);
        await using var four = new Pipeline(model, 4, options);
        await using var two = new Pipeline(model, 2, options);
        var expected = one.CreateSequence([]);
        await TinyEngine.GenerateAsync(expected, Prompt(1, 150), 20, Seeded);

        var source = four.Engine.CreateSequence([]);
        await TinyEngine.GenerateAsync(source, Prompt(1, 150), 20, Seeded);
        var fromFour = await StoredStates.OfAsync(source);
        var inTwo = await LoadAsync(two.Engine, source, fromFour);
        var fromTwo = await StoredStates.OfAsync(inTwo);
        var inOne = await LoadAsync(one, source, fromTwo);
        Assert.Equal((await StoredStates.OfAsync(inOne)).Bytes, fromFour.Bytes);
        var inFour = await LoadAsync(four.Engine, source, await StoredStates.OfAsync(inOne));
        var went = TinyEngine.Bits(await TinyEngine.GenerateAsync(expected, Prompt(2, 10), 20, Seeded));
        foreach (var sequence in new[] { inTwo, inOne, inFour })
        {
            Assert.Equal(went, TinyEngine.Bits(await TinyEngine.GenerateAsync(sequence, Prompt(2, 10), 20, Seeded)));
        }
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task State_that_comes_in_while_a_stage_is_lost_counts_for_nothing(string model)
    {
        var options = TinyEngine.Options(budget: 64, pages: 60) with { Threads = 1 };
        await using var one = TinyEngine.Load(model, options);
        await using var pipeline = new Pipeline(model, 4, options);
        var source = one.CreateSequence([]);
        await TinyEngine.GenerateAsync(source, Prompt(1, 150), 5);
        var stored = await StoredStates.OfAsync(source);

        var sequence = pipeline.Engine.CreateSequence(source.CopyTokens(0, source.Length));
        var interrupted = new InterruptedSource(await stored.OpenAsync(), async () =>
        {
            pipeline.Lose(stage: 1);
            // Served by the new stages: the loss has been seen to.
            await TinyEngine.GenerateAsync(pipeline.Engine.CreateSequence([]), Prompt(3, 20), 5);
        });
        var error = await Assert.ThrowsAsync<EngineException>(async () => await sequence.ImportAsync(interrupted));
        Assert.Equal(EngineError.Unavailable, error.Error);
        Assert.Contains("a stage was lost", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, sequence.ComputedLength);
        var expected = TinyEngine.Bits(await TinyEngine.GenerateAsync(source, Prompt(2, 10), 20, Seeded));
        Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(sequence, Prompt(2, 10), 20, Seeded)));
    }

    private static async Task<IEngineSequence> LoadAsync(InferenceEngine engine, IEngineSequence source, StoredStates stored)
    {
        var sequence = engine.CreateSequence(source.CopyTokens(0, source.Length));
        Assert.Equal(source.ComputedLength, await sequence.ImportAsync(await stored.OpenAsync()));
        return sequence;
    }

    private static int[] Prompt(int seed, int count) => [.. Enumerable.Range(0, count).Select(i => 3 + (int)((uint)(i * 7919 + seed * 104729) % 250))];

    /// <summary>Before the last unit something happens.</summary>
    private sealed class InterruptedSource(IStateSource source, Func<Task> happen) : IStateSource
    {
        private int _read;

        public StateHeader Header => source.Header;

        public ReadOnlyMemory<int> Tokens => source.Tokens;

        public async ValueTask<bool> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
        {
            if (++_read == source.Header.Positions.Count)
            {
                await happen();
            }

            return await source.ReadAsync(destination, cancellationToken);
        }
    }
}
