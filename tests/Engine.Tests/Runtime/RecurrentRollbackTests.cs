using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Rollback of recurrent sequences: from a checkpoint, with the tokens of a run that never went further.</summary>
public sealed class RecurrentRollbackTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5000)]
    public void A_rollback_computes_again_what_came_after_the_nearest_checkpoint(int tokens)
    {
        using var rig = new LoopRig(recurrent: true, budget: 64, checkpoints: 12);
        int[] prompt = LoopRig.Tokens(6000);
        var length = 6000 - tokens;
        var sequence = rig.Create();
        Run(rig, sequence, prompt, 0);
        rig.Done(sequence.TruncateAsync(length));
        var nearest = sequence.ComputedLength;
        var turn = sequence.Submit(LoopRig.Request([], 5));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(prompt.AsSpan(0, length), 5), LoopRig.Ids(outputs));

        // The last token of an appended text is computed with what follows it, so a rollback by one leaves the state as it is: one token too far to give
        // logits. The checkpoint before it serves then.
        var from = nearest == length ? (length - 1) / 16 * 16 : nearest;
        Assert.Equal(length - from, outputs[^1].Usage!.PrefilledTokens);

        // Checkpoints lie at multiples of 16, the last few at every one of them.
        Assert.Equal(0, from % 16);
        Assert.InRange(from, tokens <= 100 ? length - 100 : 0, length);
    }

    [Fact]
    public void Steps_of_a_recurrent_sequence_end_at_multiples_of_the_interval()
    {
        using var rig = new LoopRig(recurrent: true, budget: 64);
        var sequence = rig.Create();
        Run(rig, sequence, LoopRig.Tokens(41), 0);
        Run(rig, sequence, LoopRig.Tokens(30), 0);
        Assert.Equal([16, 16, 8, 8, 16, 6], rig.Chain.RowsOfSteps);
        Assert.Equal(rig.Expected(sequence.CopyTokens(0, 71), 4), Run(rig, sequence, [], 4));
    }

    [Fact]
    public void Without_checkpoints_steps_are_as_whole_as_the_budget_allows()
    {
        using var rig = new LoopRig(recurrent: true, budget: 64, checkpoints: 0);
        Run(rig, rig.Create(), LoopRig.Tokens(101), 0);
        Assert.Equal([64, 36], rig.Chain.RowsOfSteps);
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(300, 100)]
    [InlineData(5123, 5000)]
    public async Task The_real_model_goes_on_after_a_rollback_as_if_it_had_never_gone_further(int length, int tokens)
    {
        await using var engine = TinyEngine.Load(TinyEngine.Supra, new EngineOptions { StateBytes = 16 << 20, Threads = 1, CheckpointTokens = 64 });
        var text = await File.ReadAllTextAsync(TestFiles.Model("eval/mansfield-park.txt"));
        var ids = engine.Tokenizer.Encode(text, addBos: true)[..length];
        await using var plain = engine.CreateSequence(ids.AsSpan(0, length - tokens));
        var expected = TinyEngine.Bits(await TinyEngine.GenerateAsync(plain, [], 12));
        await using var whole = engine.CreateSequence(ids);
        await TinyEngine.GenerateAsync(whole, [], 1);
        await whole.TruncateAsync(length - tokens);
        Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(whole, [], 12)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-512)]
    [InlineData(15)]
    public void An_interval_that_makes_no_sense_is_refused_before_anything_is_loaded(int interval)
    {
        var error = Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Supra, new EngineOptions { CheckpointTokens = interval }));
        Assert.Equal($"CheckpointTokens is {interval}; expected a value in [16, 1048576]", error.Message);
    }

    private static int[] Run(LoopRig rig, EngineSequence sequence, int[] tokens, int max)
    {
        var turn = sequence.Submit(LoopRig.Request(tokens, max));
        rig.RunUntilIdle();
        return LoopRig.Ids(LoopRig.Read(turn));
    }
}
