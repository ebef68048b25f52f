using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Steps that are begun before the tokens they take are known to the engine's thread.</summary>
public sealed class FollowingStepTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 1.3f, TopP = 0.95f, Seed = 42, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f, LogProbs = 2 };

    [Theory]
    [InlineData(false, null, 1)]
    [InlineData(false, 24, 1)]
    [InlineData(true, null, 1)]
    [InlineData(false, 24, 3)]
    [InlineData(true, null, 3)]
    [InlineData(false, null, 5)]
    public void A_turn_generates_what_the_model_says(bool recurrent, int? window, int depth)
    {
        using var rig = new LoopRig(recurrent: recurrent, window: window, follows: true, depth: depth);
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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Turns_together_give_each_what_it_gets_alone(int depth)
    {
        using var rig = new LoopRig(pages: 400, follows: true, depth: depth);
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
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Stages_that_work_at_the_same_time_have_two_steps_each_and_none_waits_for_the_engine(int stages)
    {
        using var rig = new LoopRig(pages: 400, follows: true, depth: stages == 1 ? 1 : stages + 1);
        var turns = Enumerable.Range(0, 8).Select(i => rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(6, i), 120))).ToArray();
        RunRounds(rig, 40);
        var (before, rows) = (rig.Chain.Followers, rig.Chain.RowsOfSteps.Count);
        RunRounds(rig, 60);
        var begun = rig.Chain.RowsOfSteps[rows..];
        // From here on every step is queued before its tokens are known, and the turns are dealt evenly: each stage has as many rows as fit.
        Assert.Equal(begun.Count, rig.Chain.Followers - before);
        Assert.All(begun, count => Assert.Equal(8 / stages, count));
        Assert.Equal(2 * stages, rig.Chain.MostUnderWay);
        rig.RunUntilIdle();
        for (var i = 0; i < turns.Length; i++)
        {
            Assert.Equal(rig.Expected(LoopRig.Tokens(6, i), 120), LoopRig.Ids(LoopRig.Read(turns[i])));
        }
    }

    [Theory]
    [InlineData(false, null, 1)]
    [InlineData(false, 24, 1)]
    [InlineData(true, null, 1)]
    [InlineData(false, 24, 3)]
    [InlineData(true, null, 4)]
    public void The_row_behind_the_token_that_ends_a_turn_is_nobodys(bool recurrent, int? window, int depth)
    {
        var tokens = LoopRig.Tokens(30);
        using var plain = new LoopRig(window: window);
        var ids = plain.Expected(tokens, 20);
        var last = Array.IndexOf(ids, ids[9]) + 1;
        using var rig = new LoopRig(eos: ids[9], recurrent: recurrent, window: window, follows: true, depth: depth);
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
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    public void Cancelling_keeps_exactly_what_was_told(bool recurrent, int depth)
    {
        using var rig = new LoopRig(recurrent: recurrent, follows: true, depth: depth);
        var tokens = LoopRig.Tokens(40);
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(LoopRig.Request([], 100));
        RunRounds(rig, 12);
        // On one stage a round ends with the older step; with several, a step and the one behind it are under way.
        Assert.Equal(depth == 1 ? 1 : 2, rig.Chain.UnderWay);
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
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 3)]
    public void A_fork_of_a_running_turn_has_what_was_told(bool recurrent, int depth)
    {
        using var rig = new LoopRig(recurrent: recurrent, follows: true, depth: depth);
        var tokens = LoopRig.Tokens(40);
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(LoopRig.Request([], 60));
        RunRounds(rig, 12);
        Assert.Equal(depth == 1 ? 1 : 2, rig.Chain.UnderWay);
        var length = sequence.Length;
        var fork = rig.Done(sequence.ForkAsync(length));
        Assert.Equal(depth == 1 ? 0 : 2, rig.Chain.UnderWay);
        // With several stages nobody waits for the step that is ahead: a recurrent state is taken from the last checkpoint then.
        var expected = depth == 1 || !recurrent ? length - 1 : (length - 1) / 16 * 16;
        Assert.True(fork.ComputedLength >= expected, $"{fork.ComputedLength} of {length} tokens came with the fork");
        var ids = fork.CopyTokens(0, length);
        var other = fork.Submit(LoopRig.Request([33], 20));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(tokens, 60), LoopRig.Ids(LoopRig.Read(turn)));
        Assert.Equal(rig.Expected([.. ids, 33], 20), LoopRig.Ids(LoopRig.Read(other)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_turn_whose_logits_are_not_finite_fails_alone_and_leaves_no_trace(int depth)
    {
        using var rig = new LoopRig(follows: true, depth: depth);
        var (good, bad) = (LoopRig.Tokens(30), LoopRig.Tokens(20, 2));
        var first = rig.Create().Submit(LoopRig.Request(good, 40));
        var sequence = rig.Create(bad);
        var second = sequence.Submit(LoopRig.Request([HashChain.NotFiniteToken], 40));
        rig.RunUntilIdle();
        Assert.Equal(EngineError.Internal, LoopRig.Error(second).Error);
        Assert.Equal(bad, sequence.CopyTokens(0, sequence.Length));
        Assert.Equal(rig.Expected(good, 40), LoopRig.Ids(LoopRig.Read(first)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_newcomer_does_not_wait_for_a_turn_to_end(int depth)
    {
        using var rig = new LoopRig(follows: true, depth: depth);
        var first = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20), 200));
        RunRounds(rig, 10);
        var second = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20, 2), 5));
        RunRounds(rig, 24);

        Assert.Equal(rig.Expected(LoopRig.Tokens(20, 2), 5), LoopRig.Ids(LoopRig.Read(second)));
        Assert.False(first.Output.Completion.IsCompleted);
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(20), 200), LoopRig.Ids(LoopRig.Read(first)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Random_operations_agree_with_lists_of_tokens(int depth)
    {
        var (finished, failed, followers, evictions, losses) = (0, 0, 0, 0L, 0);
        for (var seed = 2000; seed < 2020; seed++)
        {
            using var soak = new EngineSoak(seed, depth, follows: true);
            soak.Run(600);
            finished += soak.Finished;
            failed += soak.Failed;
            followers += soak.Followers;
            evictions += soak.Evictions;
            losses += soak.Losses;
        }

        Assert.True(
            finished > 300 && failed > 5 && followers > 500 && evictions > 100 && (depth == 1 || losses > 100), $"{finished} {failed} {followers} {evictions} {losses}");
    }

    /// <summary>With several stages the oldest step is done after each round.</summary>
    private static void RunRounds(LoopRig rig, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            rig.Chain.Finish(1);
            rig.Loop.RunOnce();
        }
    }
}
