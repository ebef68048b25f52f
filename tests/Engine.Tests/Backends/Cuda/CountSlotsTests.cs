using OrleansLM.Engine.Backends.Cuda.Choices;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

public sealed class CountSlotsTests
{
    [Fact]
    public void A_turn_keeps_its_row_and_fills_it_once()
    {
        var slots = new CountSlots(4);
        var slot = Take(slots, 7, 100, 1, out var isStale);
        Assert.True(isStale);
        for (var i = 1; i < 10; i++)
        {
            Assert.Equal(slot, Take(slots, 7, 100 + i, 1 + i, out isStale));
            Assert.False(isStale);
        }
    }

    [Fact]
    public void What_was_chosen_elsewhere_or_again_makes_a_row_stale()
    {
        var slots = new CountSlots(4);
        Take(slots, 7, 100, 1, out _);
        Take(slots, 7, 100, 2, out var again);
        Take(slots, 7, 105, 3, out var elsewhere);
        Assert.True(again && elsewhere);
        Assert.Equal(-1, slots.Take(7, 110, 4, mayFill: false, out _));
        Assert.Equal(Take(slots, 7, 106, 5, out var isStale), slots.Take(7, 107, 6, mayFill: false, out _));
        Assert.False(isStale);
    }

    [Fact]
    public void Rows_that_the_last_step_used_are_not_given_away()
    {
        var slots = new CountSlots(2);
        var (first, second) = (Take(slots, 1, 10, 1, out _), Take(slots, 2, 10, 1, out _));
        Assert.NotEqual(first, second);
        Assert.Equal(-1, Take(slots, 3, 10, 1, out _));
        Assert.Equal(-1, Take(slots, 3, 10, 2, out _));
        Assert.Equal(first, Take(slots, 1, 11, 2, out _));
        Assert.Equal(second, Take(slots, 3, 10, 3, out var isStale));
        Assert.True(isStale);
        Assert.Equal(-1, Take(slots, 2, 11, 3, out _));
    }

    private static int Take(CountSlots slots, long turn, long position, long step, out bool isStale) => slots.Take(turn, position, step, mayFill: true, out isStale);
}
