using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class AdmissionTests
{
    [Fact]
    public void A_turn_that_can_never_fit_is_refused_for_good()
    {
        using var rig = new LoopRig(pages: 4);
        var sequence = rig.Create();
        var error = Assert.Throws<EngineException>(() => sequence.Submit(LoopRig.Request(LoopRig.Tokens(49), 1)));
        Assert.Equal((EngineError.ResourceExhausted, null), (error.Error, error.RetryAfter));
        Assert.Equal(0, sequence.Length);
        var turn = sequence.Submit(LoopRig.Request(LoopRig.Tokens(48), 1));
        rig.RunUntilIdle();
        Assert.Single(LoopRig.Ids(LoopRig.Read(turn)));
    }

    [Fact]
    public void A_full_queue_refuses_with_a_hint_and_the_others_go_on()
    {
        using var rig = new LoopRig(running: 2, waiting: 3);
        var turns = Enumerable.Range(0, 5).Select(i => rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10, i), 5))).ToArray();
        var late = rig.Create();
        var error = Assert.Throws<EngineException>(() => late.Submit(LoopRig.Request(LoopRig.Tokens(10), 5)));
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
        Assert.InRange(error.RetryAfter!.Value, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        rig.RunUntilIdle();
        for (var i = 0; i < turns.Length; i++)
        {
            Assert.Equal(rig.Expected(LoopRig.Tokens(10, i), 5), LoopRig.Ids(LoopRig.Read(turns[i])));
        }

        late.Submit(LoopRig.Request(LoopRig.Tokens(10), 5));
    }

    [Fact]
    public void A_turn_that_waits_too_long_for_memory_is_refused_with_a_hint_and_the_others_go_on()
    {
        var clock = new ManualTimeProvider();
        using var rig = new LoopRig(pages: 10, admissionTimeout: TimeSpan.FromSeconds(10), time: clock);
        var first = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(100), 40));
        rig.Loop.RunOnce();
        var sequence = rig.Create(LoopRig.Tokens(3));
        var second = sequence.Submit(LoopRig.Request(LoopRig.Tokens(60), 5));
        clock.Advance(TimeSpan.FromSeconds(9.9));
        rig.Loop.RunOnce();
        Assert.False(second.Output.Completion.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        rig.Loop.RunOnce();
        var error = LoopRig.Error(second);
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
        Assert.NotNull(error.RetryAfter);
        Assert.Equal(3, sequence.Length);
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(100), 40), LoopRig.Ids(LoopRig.Read(first)));
    }

    [Fact]
    public void Without_a_queue_a_turn_runs_at_once_or_is_refused()
    {
        using var rig = new LoopRig(pages: 10, running: 4, waiting: 0);
        var first = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(100), 20));
        var second = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(60), 5));
        rig.RunUntilIdle();
        Assert.Equal(20, LoopRig.Ids(LoopRig.Read(first)).Length);
        var error = LoopRig.Error(second);
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
        Assert.NotNull(error.RetryAfter);
    }

    [Fact]
    public void Idle_sequences_keep_their_state_until_it_is_needed_oldest_first()
    {
        using var rig = new LoopRig(pages: 10, prefixes: false);
        var sequences = Enumerable.Range(0, 3).Select(_ => rig.Create()).ToArray();
        foreach (var sequence in sequences)
        {
            sequence.Submit(LoopRig.Request(LoopRig.Tokens(40), 1));
            rig.RunUntilIdle();
        }

        Assert.Equal([40, 40, 40], sequences.Select(sequence => sequence.ComputedLength));
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(30, 5), 1));
        rig.RunUntilIdle();
        Assert.Equal([0, 40, 40], sequences.Select(sequence => sequence.ComputedLength));
        Assert.Equal(1, rig.Loop.Counters.Evictions);
        var again = sequences[0].Submit(LoopRig.Request([], 3));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(40), 4)[1..], LoopRig.Ids(LoopRig.Read(again)));
    }

    [Fact]
    public void Status_counts_what_there_is()
    {
        using var rig = new LoopRig(running: 1, prefixes: false);
        rig.Create(LoopRig.Tokens(4));
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(40), 2));
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(40), 2));
        rig.Loop.RunOnce();
        var status = rig.Loop.Counters.Snapshot(100);
        Assert.Equal((1, 1, 3, 3, 100), (status.RunningTurns, status.WaitingTurns, status.Sequences, status.PagesUsed, status.PagesTotal));
        Assert.Equal((1, 40, 1, 0), (status.Steps, status.PrefilledTokens, status.GeneratedTokens, status.Evictions));
        rig.RunUntilIdle();
        status = rig.Loop.Counters.Snapshot(100);
        Assert.Equal((0, 0, 80, 4), (status.RunningTurns, status.WaitingTurns, status.PrefilledTokens, status.GeneratedTokens));
    }
}
