using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Steps that are begun before the tokens they take are known to the engine's thread.</summary>
public sealed class FollowingStepTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 1.3f, TopP = 0.95f, Seed = 42, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f, LogProbs = 2 };

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 24)]
    [InlineData(true, null)]
    public void A_turn_generates_what_the_model_says(bool recurrent, int? window)
    {
        using var rig = new LoopRig(recurrent: recurrent, window: window, follows: true);
        var tokens = LoopRig.Tokens(150);
        var turn = rig.Create(tokens[..50]).Submit(LoopRig.Request(tokens[50..], 60, Seeded));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(tokens, 60, Seeded), LoopRig.Ids(outputs));
        Assert.Equal(Enumerable.Range(150, 60), outputs.Where(output => output.Kind == TurnOutputKind.Token).Select(output => output.Position));
        Assert.Equal((FinishReason.Length, 60, 150), (outputs[^1].FinishReason, outputs[^1].Usage!.GeneratedTokens, outputs[^1].Usage!.PrefilledTokens));
        // The first decode row waits for the prefill; what is known to be the last row is not followed.
        Assert.Equal(58, rig.Chain.Followers);
    }

    [Fact]
    public void Turns_together_give_each_what_it_gets_alone()
    {
        using var rig = new LoopRig(pages: 400, follows: true);
        var turns = Enumerable.Range(0, 12).Select(i => (Tokens: LoopRig.Tokens(5 + i * 13, i), Max: 10 + i * 5)).ToArray();
        var running = turns.Select(turn => rig.Create().Submit(LoopRig.Request(turn.Tokens, turn.Max, Seeded))).ToArray();
        rig.RunUntilIdle();
        for (var i = 0; i < turns.Length; i++)
        {
            Assert.Equal(rig.Expected(turns[i].Tokens, turns[i].Max, Seeded), LoopRig.Ids(LoopRig.Read(running[i])));
        }

        Assert.True(rig.Chain.Followers > 20, $"{rig.Chain.Followers} steps followed");
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 24)]
    [InlineData(true, null)]
    public void The_row_behind_the_token_that_ends_a_turn_is_nobodys(bool recurrent, int? window)
    {
        var tokens = LoopRig.Tokens(30);
        using var plain = new LoopRig(window: window);
        var ids = plain.Expected(tokens, 20);
        var last = Array.IndexOf(ids, ids[9]) + 1;
        using var rig = new LoopRig(eos: ids[9], recurrent: recurrent, window: window, follows: true);
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(new TurnRequest { Tokens = Array.Empty<int>(), Stop = new StopConditions { MaxNewTokens = 20 } });
        rig.RunUntilIdle();
        Assert.Equal(ids[..last], LoopRig.Ids(LoopRig.Read(turn)));
        Assert.Equal(30 + last, sequence.Length);
        Assert.InRange(sequence.ComputedLength, 0, sequence.Length);
        Assert.Equal(last - 1, rig.Chain.Followers);

        // What the sequence goes on with, with new tokens and without, is as if nothing had been computed ahead.
        int[] all = [.. tokens, .. ids[..last], .. LoopRig.Tokens(7, 3)];
        var next = sequence.Submit(LoopRig.Request(all[(30 + last)..], 8));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(all, 8), LoopRig.Ids(LoopRig.Read(next)));
        var more = sequence.Submit(LoopRig.Request([], 8));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected([.. all, .. rig.Expected(all, 8)], 8), LoopRig.Ids(LoopRig.Read(more)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cancelling_keeps_exactly_what_was_told(bool recurrent)
    {
        using var rig = new LoopRig(recurrent: recurrent, follows: true);
        var tokens = LoopRig.Tokens(40);
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(LoopRig.Request([], 100));
        for (var round = 0; round < 12; round++)
        {
            rig.Loop.RunOnce();
        }

        Assert.Equal(1, rig.Chain.UnderWay);
        turn.Cancel();
        rig.RunUntilIdle();
        var told = LoopRig.Ids(LoopRig.Read(turn));
        Assert.Equal(rig.Expected(tokens, told.Length), told);
        Assert.Equal([.. tokens, .. told], sequence.CopyTokens(0, sequence.Length));
        Assert.InRange(sequence.ComputedLength, 0, sequence.Length);
        var next = sequence.Submit(LoopRig.Request([25], 10));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected([.. tokens, .. told, 25], 10), LoopRig.Ids(LoopRig.Read(next)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fork_of_a_running_turn_has_what_was_told(bool recurrent)
    {
        using var rig = new LoopRig(recurrent: recurrent, follows: true);
        var tokens = LoopRig.Tokens(40);
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(LoopRig.Request([], 60));
        for (var round = 0; round < 12; round++)
        {
            rig.Loop.RunOnce();
        }

        Assert.Equal(1, rig.Chain.UnderWay);
        var length = sequence.Length;
        var fork = rig.Done(sequence.ForkAsync(length));
        Assert.Equal(0, rig.Chain.UnderWay);
        Assert.True(fork.ComputedLength >= length - 1, $"{fork.ComputedLength} of {length} tokens came with the fork");
        var ids = fork.CopyTokens(0, length);
        var other = fork.Submit(LoopRig.Request([33], 20));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(tokens, 60), LoopRig.Ids(LoopRig.Read(turn)));
        Assert.Equal(rig.Expected([.. ids, 33], 20), LoopRig.Ids(LoopRig.Read(other)));
    }

    [Fact]
    public void A_turn_whose_logits_are_not_finite_fails_alone_and_leaves_no_trace()
    {
        using var rig = new LoopRig(follows: true);
        var (good, bad) = (LoopRig.Tokens(30), LoopRig.Tokens(20, 2));
        var first = rig.Create().Submit(LoopRig.Request(good, 40));
        var sequence = rig.Create(bad);
        var second = sequence.Submit(LoopRig.Request([HashChain.NotFiniteToken], 40));
        rig.RunUntilIdle();
        Assert.Equal(EngineError.Internal, LoopRig.Error(second).Error);
        Assert.Equal(bad, sequence.CopyTokens(0, sequence.Length));
        Assert.Equal(rig.Expected(good, 40), LoopRig.Ids(LoopRig.Read(first)));
    }

    [Fact]
    public void A_newcomer_does_not_wait_for_a_turn_to_end()
    {
        using var rig = new LoopRig(follows: true);
        var first = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20), 200));
        for (var round = 0; round < 10; round++)
        {
            rig.Loop.RunOnce();
        }

        var second = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20, 2), 5));
        for (var round = 0; round < 10; round++)
        {
            rig.Loop.RunOnce();
        }

        Assert.Equal(rig.Expected(LoopRig.Tokens(20, 2), 5), LoopRig.Ids(LoopRig.Read(second)));
        Assert.False(first.Output.Completion.IsCompleted);
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(20), 200), LoopRig.Ids(LoopRig.Read(first)));
    }

    [Fact]
    public void Random_operations_agree_with_lists_of_tokens()
    {
        var (finished, failed, followers, evictions) = (0, 0, 0, 0L);
        for (var seed = 2000; seed < 2020; seed++)
        {
            using var soak = new EngineSoak(seed, follows: true);
            soak.Run(600);
            finished += soak.Finished;
            failed += soak.Failed;
            followers += soak.Followers;
            evictions += soak.Evictions;
        }

        Assert.True(finished > 300 && failed > 5 && followers > 1000 && evictions > 100, $"{finished} {failed} {followers} {evictions}");
    }
}
