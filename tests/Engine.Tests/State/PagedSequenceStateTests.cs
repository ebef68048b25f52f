using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Tests.State;

public sealed class PagedSequenceStateTests
{
    private const int PageTokens = 4;

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(3, 1)]
    [InlineData(4, 3)]
    [InlineData(5, 4)]
    [InlineData(6, 9)]
    public void Random_histories_read_what_their_sequence_wrote_and_leak_nothing(int seed, int? window)
    {
        var history = new RandomPagedHistory(seed, pageCount: 40, PageTokens, window);
        for (var step = 0; step < 700; step++)
        {
            history.Step();
            history.CheckCounts();
        }

        Assert.True(history.Refusals > 0, "the pool never ran full: the history is too tame");
        Assert.True(history.Copies > 0, "no page was ever copied: the history is too tame");
        history.ReleaseAll();
        Assert.Equal(40, history.Pool.FreeCount);
    }

    [Fact]
    public void A_full_pool_refuses_and_changes_nothing()
    {
        var pool = new PagePool(3);
        var state = New(pool);
        var batch = new StepBatch();
        Assert.False(state.TryReserve(13, batch));
        Assert.Equal((3, 0, 0), (pool.FreeCount, state.UnitsHeld, batch.CopyCount));
        Assert.True(state.TryReserve(12, batch));
        Assert.Equal((0, 3), (pool.FreeCount, state.UnitsHeld));
    }

    [Fact]
    public void A_fork_shares_pages_and_copies_only_the_one_it_writes()
    {
        var pool = new PagePool(8);
        var state = Computed(pool, 10);
        var fork = state.Fork(9);
        Assert.Equal(3, pool.UsedCount);

        var batch = new StepBatch();
        Assert.Equal(1, fork.UnitsToReserve(1));
        Assert.True(fork.TryReserve(1, batch));
        Assert.Equal([new StateCopy(2, 3)], batch.Copies.ToArray());
        Assert.Equal(4, pool.UsedCount);

        batch.Clear();
        Assert.True(state.TryReserve(2, batch));
        Assert.Equal(0, batch.CopyCount);
    }

    [Fact]
    public void A_fork_at_a_page_boundary_copies_nothing()
    {
        var pool = new PagePool(8);
        var fork = Computed(pool, 10).Fork(8);
        var batch = new StepBatch();
        Assert.True(fork.TryReserve(4, batch));
        Assert.Equal((0, 4), (batch.CopyCount, pool.UsedCount));
    }

    [Fact]
    public void A_copy_counts_when_the_pool_is_nearly_full()
    {
        var pool = new PagePool(3);
        var fork = Computed(pool, 10).Fork(10);
        var batch = new StepBatch();
        Assert.False(fork.TryReserve(1, batch));
        Assert.Equal((0, 0), (batch.CopyCount, pool.FreeCount));
    }

    [Fact]
    public void Truncating_gives_whole_pages_back()
    {
        var pool = new PagePool(8);
        var state = Computed(pool, 10);
        Assert.Equal(5, state.Truncate(5));
        Assert.Equal((2, 5), (state.UnitsHeld, state.ComputedLength));
        Assert.Equal(0, state.Truncate(0));
        Assert.Equal(8, pool.FreeCount);
    }

    [Fact]
    public void A_window_frees_the_pages_behind_it()
    {
        var pool = new PagePool(8);
        var state = new PagedSequenceState(pool, PageTokens, window: 6);
        for (var i = 0; i < 200; i++)
        {
            Advance(state, 1);
            Assert.InRange(state.UnitsHeld, 1, 3);
        }

        // The next query, at 200, sees keys from 195 on: pages from 48 on.
        Assert.Equal((48, 2), (state.FirstPage, state.UnitsHeld));
    }

    [Fact]
    public void Behind_a_window_truncation_and_forks_start_over()
    {
        var pool = new PagePool(8);
        var state = new PagedSequenceState(pool, PageTokens, window: 6);
        Advance(state, 10);
        Advance(state, 10);
        Assert.Equal(0, state.Fork(9).ComputedLength);
        Assert.Equal(18, state.Fork(18).ComputedLength);
        Assert.Equal(0, state.Truncate(9));
    }

    [Fact]
    public void Rows_that_were_not_reserved_are_refused()
    {
        var state = Computed(new PagePool(8), 4);
        Assert.Throws<InvalidOperationException>(() => state.AddSegment(new StepBatch(), [1]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    public void Positions_outside_the_sequence_are_refused(int position)
    {
        var state = Computed(new PagePool(8), 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Truncate(position));
        Assert.Throws<ArgumentOutOfRangeException>(() => state.Fork(position));
        Assert.Equal(10, state.ComputedLength);
    }

    [Fact]
    public void Decoding_allocates_nothing_while_the_page_table_has_room()
    {
        var state = Computed(new PagePool(64), 33);
        var batch = new StepBatch();
        int[] token = [7];
        OneRow();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            OneRow();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void OneRow()
        {
            batch.Clear();
            state.TryReserve(1, batch);
            state.AddSegment(batch, token);
            state.Advance(1);
        }
    }

    private static PagedSequenceState New(PagePool pool) => new(pool, PageTokens, window: null);

    private static PagedSequenceState Computed(PagePool pool, int tokens)
    {
        var state = New(pool);
        Advance(state, tokens);
        return state;
    }

    private static void Advance(PagedSequenceState state, int tokens)
    {
        Assert.True(state.TryReserve(tokens, new StepBatch()));
        state.Advance(tokens);
    }
}
