using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Tests.State;

public sealed class RecurrentSequenceStateTests
{
    private static readonly CheckpointPolicy EveryTen = new(IntervalTokens: 10, MaxCheckpoints: 4);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 5)]
    public void Random_histories_keep_each_sequences_own_state_and_leak_nothing(int seed, int checkpoints)
    {
        var history = new RandomRecurrentHistory(seed, slotCount: 24, new CheckpointPolicy(8, checkpoints));
        for (var step = 0; step < 1000; step++)
        {
            history.Step();
            history.CheckCounts();
        }

        Assert.True(history.Refusals > 0, "the pool never ran full: the history is too tame");
        history.ReleaseAll();
        Assert.Equal(24, history.Pool.FreeCount);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(10, -1)]
    public void A_policy_that_makes_no_sense_is_refused(int interval, int checkpoints)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new RecurrentSequenceState(new PagePool(1), new CheckpointPolicy(interval, checkpoints)));

    [Fact]
    public void A_new_sequence_clears_its_slot()
    {
        var state = new RecurrentSequenceState(new PagePool(2), CheckpointPolicy.None);
        var batch = new StepBatch();
        Assert.True(state.TryReserve(5, batch));
        Assert.Equal([new StateCopy(-1, 0)], batch.Copies.ToArray());
        state.AddSegment(batch, [1, 2, 3, 4, 5]);
        state.Advance(5);

        batch.Clear();
        Assert.True(state.TryReserve(1, batch));
        Assert.Equal(0, batch.CopyCount);
    }

    [Fact]
    public void A_fork_takes_no_slot_until_one_of_the_two_writes()
    {
        var pool = new PagePool(2);
        var state = Computed(pool, CheckpointPolicy.None, 5);
        var fork = state.Fork(5);
        Assert.Equal((1, 5), (pool.UsedCount, fork.ComputedLength));

        var batch = new StepBatch();
        Assert.True(state.TryReserve(1, batch));
        Assert.Equal([new StateCopy(0, 1)], batch.Copies.ToArray());
        Assert.True(fork.TryReserve(1, batch));
        Assert.Equal(1, batch.CopyCount);
    }

    [Fact]
    public void Without_checkpoints_a_rollback_starts_over()
    {
        var pool = new PagePool(2);
        var state = Computed(pool, CheckpointPolicy.None, 5);
        Assert.Equal(5, state.Truncate(5));
        Assert.Equal(0, state.Truncate(4));
        Assert.Equal(2, pool.FreeCount);
    }

    [Fact]
    public void A_rollback_reaches_the_nearest_checkpoint()
    {
        var state = Computed(new PagePool(9), EveryTen, 10, 7, 8, 10);
        Assert.Equal([10, 25, 35], state.CheckpointPositions);
        Assert.Equal(25, state.Truncate(34));
        Assert.Equal([10, 25], state.CheckpointPositions);
        Assert.Equal(10, state.Truncate(24));
        Assert.Equal(0, state.Truncate(9));
        Assert.Equal(0, state.UnitsHeld);
    }

    [Fact]
    public void A_fork_in_the_past_starts_from_a_checkpoint()
    {
        var state = Computed(new PagePool(9), EveryTen, 10, 10, 5);
        Assert.Equal((20, 10, 0), (state.Fork(24).ComputedLength, state.Fork(12).ComputedLength, state.Fork(3).ComputedLength));
    }

    [Fact]
    public void Checkpoints_are_bounded_and_the_distant_past_thins_out_first()
    {
        var pool = new PagePool(9);
        var state = Computed(pool, EveryTen, [.. Enumerable.Repeat(10, 40)]);
        var positions = state.CheckpointPositions.ToArray();
        Assert.Equal(4, positions.Length);
        Assert.Equal(400, positions[^1]);
        var gaps = positions.Zip(positions.Prepend(0), (position, before) => position - before).ToArray();
        Assert.True(gaps[0] > gaps[^1], $"checkpoints at {string.Join(", ", positions)}");
        Assert.Equal(5, pool.UsedCount + 1);
    }

    [Fact]
    public void A_full_pool_costs_checkpoints_before_it_refuses()
    {
        var pool = new PagePool(3);
        var state = Computed(pool, EveryTen, 10, 10, 10);
        Assert.Equal((0, 3), (pool.FreeCount, state.CheckpointPositions.Count()));
        Assert.True(state.TryReserve(1, new StepBatch()));
        Assert.Equal([20, 30], state.CheckpointPositions);

        var other = new RecurrentSequenceState(pool, EveryTen);
        Assert.False(other.TryReserve(1, new StepBatch()));
        Assert.True(state.DropOldestCheckpoint());
        Assert.True(other.TryReserve(1, new StepBatch()));
    }

    private static RecurrentSequenceState Computed(PagePool pool, CheckpointPolicy policy, params int[] chunks)
    {
        var state = new RecurrentSequenceState(pool, policy);
        foreach (var tokens in chunks)
        {
            Assert.True(state.TryReserve(tokens, new StepBatch()));
            state.Advance(tokens);
        }

        return state;
    }
}
