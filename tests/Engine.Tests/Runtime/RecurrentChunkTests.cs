using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tests.State.Transfer;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>
/// The trained SUPRA model, cut at every place of a chunk: a state taken there, with the chunk that is open, goes on bit for bit as a run that was never interrupted.
/// </summary>
public sealed class RecurrentChunkTests
{
    private const int Before = 5;
    private const int After = 6;

    /// <summary>Prompts whose ends, and whose ends after <see cref="Before"/> tokens, stand at every place of a chunk of 8.</summary>
    private static readonly int[] Lengths = [.. Enumerable.Range(57, 8)];

    /// <summary>Checkpoints at multiples of 19: at places of their own.</summary>
    private static EngineOptions Options(int chunkTokens) => new() { StateBytes = 64 << 20, Threads = 1, CheckpointTokens = 19, StateChunkTokens = chunkTokens };

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(16)]
    public async Task Forks_rollbacks_and_moves_go_on_from_any_place_of_a_chunk(int chunkTokens)
    {
        await using var engine = TinyEngine.Load(TinyEngine.Supra, Options(chunkTokens));
        await using var other = TinyEngine.Load(TinyEngine.Supra, Options(chunkTokens) with { Stages = 3, MaxStepTokens = 16 });
        foreach (var length in Lengths)
        {
            int[] prompt = [1, .. Enumerable.Range(0, length - 1).Select(i => 300 + i * 17)];
            await using var whole = engine.CreateSequence(prompt);
            var all = TinyEngine.Bits(await TinyEngine.GenerateAsync(whole, [], Before + After));
            var expected = all[Before..];

            await using var source = engine.CreateSequence(prompt);
            Assert.Equal(all[..Before], TinyEngine.Bits(await TinyEngine.GenerateAsync(source, [], Before)));
            var stored = await StoredStates.OfAsync(source);
            await using var moved = other.CreateSequence(source.CopyTokens(0, source.Length));
            Assert.Equal(source.ComputedLength, await moved.ImportAsync(await stored.OpenAsync()));
            await using var fork = await source.ForkAsync(source.Length);
            Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(moved, [], After)));
            Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(fork, [], After)));
            Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(source, [], After)));

            await whole.TruncateAsync(length + Before);
            Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(whole, [], After)));
        }
    }

    [Fact]
    public async Task A_state_of_another_chunk_length_is_refused_by_name()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Supra, Options(8));
        await using var other = TinyEngine.Load(TinyEngine.Supra, Options(16));
        await using var recurrent = TinyEngine.Load(TinyEngine.Supra, Options(1));
        await using var source = engine.CreateSequence(LoopRig.Tokens(20));
        await TinyEngine.GenerateAsync(source, [], 1);
        var stored = await StoredStates.OfAsync(source);
        foreach (var elsewhere in new[] { other, recurrent })
        {
            await using var target = elsewhere.CreateSequence(source.CopyTokens(0, 20));
            var error = await Assert.ThrowsAsync<StateException>(async () => await target.ImportAsync(await stored.OpenAsync()));
            Assert.Equal(StateFault.OtherModel, error.Fault);
            Assert.Contains($"kind of device is {engine.Description.BackendKind}; expected {elsewhere.Description.BackendKind}", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, target.ComputedLength);
        }

        Assert.EndsWith("-chunk8", engine.Description.BackendKind, StringComparison.Ordinal);
        Assert.DoesNotContain("chunk", recurrent.Description.BackendKind, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(129)]
    public void A_chunk_length_that_makes_no_sense_is_refused_before_anything_is_loaded(int tokens)
    {
        var error = Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Supra, new EngineOptions { StateChunkTokens = tokens }));
        Assert.Equal($"StateChunkTokens is {tokens}; expected a value in [1, 128]", error.Message);
    }
}
