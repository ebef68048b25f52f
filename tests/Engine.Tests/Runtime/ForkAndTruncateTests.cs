using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class ForkAndTruncateTests
{
    [Fact]
    public void Forks_share_pages_and_copy_only_what_they_write()
    {
        using var rig = new LoopRig();
        var source = rig.Create();
        Generate(rig, source, LoopRig.Tokens(100), 4);
        Assert.Equal(7, rig.Pool.UsedCount);
        var forks = Enumerable.Range(0, 5).Select(_ => rig.Done(source.ForkAsync(source.Length))).ToArray();
        Assert.Equal(7, rig.Pool.UsedCount);
        Assert.All(forks, fork => Assert.Equal((104, 103), (fork.Length, fork.ComputedLength)));
        int[] all = source.CopyTokens(0, 104);
        for (var i = 0; i < forks.Length; i++)
        {
            int[] next = LoopRig.Tokens(2, i);
            Assert.Equal(rig.Expected([.. all, .. next], 3), Generate(rig, forks[i], next, 3));
        }

        // Six pages stay shared; each fork has its own copy of the seventh.
        Assert.Equal(6 + 1 + 5, rig.Pool.UsedCount);
        Assert.Equal(rig.Expected(all, 3), Generate(rig, source, [], 3));
        foreach (var fork in forks)
        {
            rig.Done(fork.DisposeAsync());
        }

        Assert.Equal(7, rig.Pool.UsedCount);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 30)]
    [InlineData(true, null)]
    public void A_fork_anywhere_goes_on_as_a_fresh_sequence_would(bool recurrent, int? window)
    {
        using var rig = new LoopRig(recurrent: recurrent, window: window);
        var source = rig.Create();
        Generate(rig, source, LoopRig.Tokens(70), 10);
        int[] all = source.CopyTokens(0, 80);
        foreach (var position in new[] { 80, 79, 64, 63, 17, 16, 1, 0 })
        {
            var fork = rig.Done(source.ForkAsync(position));
            int[] next = LoopRig.Tokens(3, position);
            Assert.Equal(rig.Expected([.. all[..position], .. next], 4), Generate(rig, fork, next, 4));
        }

        Assert.Equal(rig.Expected(all, 5), Generate(rig, source, [], 5));
    }

    [Fact]
    public void A_fork_of_a_running_turn_holds_what_there_is_so_far()
    {
        using var rig = new LoopRig();
        var source = rig.Create();
        var turn = source.Submit(LoopRig.Request(LoopRig.Tokens(20), 30));
        for (var i = 0; i < 10; i++)
        {
            rig.Loop.RunOnce();
        }

        var fork = rig.Done(source.ForkAsync(25));
        Assert.Equal(rig.Expected(LoopRig.Tokens(20), 30)[5..15], Generate(rig, fork, [], 10));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(20), 30), LoopRig.Ids(LoopRig.Read(turn)));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 30)]
    [InlineData(true, null)]
    public void Rolled_back_is_as_if_it_had_never_gone_further(bool recurrent, int? window)
    {
        using var rig = new LoopRig(recurrent: recurrent, window: window);
        var sequence = rig.Create();
        Generate(rig, sequence, LoopRig.Tokens(70), 10);
        int[] all = sequence.CopyTokens(0, 80);
        foreach (var position in new[] { 80, 75, 70, 33, 32, 1 })
        {
            rig.Done(sequence.TruncateAsync(position));
            Assert.Equal(position, sequence.Length);
            Assert.True(sequence.ComputedLength <= position);
            Assert.Equal(rig.Expected(all.AsSpan(0, position), 3), Generate(rig, sequence, [], 3));
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public void A_recurrent_rollback_computes_from_the_last_state_that_was_kept(int checkpoints)
    {
        using var rig = new LoopRig(recurrent: true, budget: 16, checkpoints: checkpoints);
        var sequence = rig.Create();
        Generate(rig, sequence, LoopRig.Tokens(150), 1);
        rig.Done(sequence.TruncateAsync(100));
        var kept = sequence.ComputedLength;
        Assert.True(checkpoints == 0 ? kept == 0 : kept is > 0 and <= 100, $"{kept} tokens are kept");
        var turn = sequence.Submit(LoopRig.Request([30], 5));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected([.. LoopRig.Tokens(100), 30], 5), LoopRig.Ids(outputs));
        Assert.Equal(101 - kept, outputs[^1].Usage!.PrefilledTokens);
    }

    [Fact]
    public void Kept_states_go_before_anything_else_when_memory_is_short()
    {
        using var rig = new LoopRig(recurrent: true, budget: 16, pages: 6);
        var first = rig.Create();
        Generate(rig, first, LoopRig.Tokens(120), 1);
        Assert.True(rig.Pool.UsedCount > 2);
        for (var i = 0; i < 4; i++)
        {
            int[] tokens = LoopRig.Tokens(50, i);
            Assert.Equal(rig.Expected(tokens, 3), Generate(rig, rig.Create(), tokens, 3));
        }

        Assert.Equal(0, rig.Loop.Counters.Evictions);
        Assert.Equal(120, first.ComputedLength);
    }

    [Fact]
    public void Truncating_gives_pages_back()
    {
        using var rig = new LoopRig();
        var sequence = rig.Create();
        Generate(rig, sequence, LoopRig.Tokens(100), 1);
        rig.Done(sequence.TruncateAsync(17));
        Assert.Equal(2, rig.Pool.UsedCount);
        rig.Done(sequence.TruncateAsync(0));
        Assert.Equal(0, rig.Pool.UsedCount);
        Assert.Equal(rig.Expected([30, 31], 3), Generate(rig, sequence, [30, 31], 3));
    }

    [Fact]
    public void A_fork_that_nobody_waits_for_any_more_is_given_back()
    {
        using var rig = new LoopRig();
        var source = rig.Create();
        Generate(rig, source, LoopRig.Tokens(10), 1);
        using var cancel = new CancellationTokenSource();
        var fork = source.ForkAsync(5, cancel.Token).AsTask();
        cancel.Cancel();
        rig.Loop.Commands.Drain();
        Assert.ThrowsAny<OperationCanceledException>(() => fork.GetAwaiter().GetResult());
        Assert.Equal(1, rig.Loop.Counters.Sequences);
    }

    private static int[] Generate(LoopRig rig, IEngineSequence sequence, int[] tokens, int max)
    {
        var turn = sequence.Submit(LoopRig.Request(tokens, max));
        rig.RunUntilIdle();
        return LoopRig.Ids(LoopRig.Read(turn));
    }
}
