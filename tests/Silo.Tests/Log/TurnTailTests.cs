using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Tests.Log;

public sealed class TurnTailTests
{
    private readonly TurnTail _tail = new(new SessionHandle(1, "s", 1), "t", position: 10);

    [Fact]
    public void What_is_taken_is_not_taken_twice()
    {
        _tail.Append(1);
        _tail.Append(2);
        var (first, ids) = _tail.Take();
        _tail.Append(3);
        var (second, more) = _tail.Take();
        Assert.Equal((10, 12), (first, second));
        Assert.Equal([1, 2], ids);
        Assert.Equal([3], more);
    }

    [Fact]
    public void What_is_given_back_is_taken_again()
    {
        _tail.Append(1);
        _tail.Take();
        _tail.GiveBack(1);
        _tail.Append(2);
        var (position, ids) = _tail.Take();
        Assert.Equal(10, position);
        Assert.Equal([1, 2], ids);
    }

    [Fact]
    public void What_is_committed_is_gone()
    {
        for (var i = 0; i < 200; i++)
        {
            _tail.Append(i);
        }

        _tail.Take();
        _tail.Append(200);
        _tail.Committed(200);
        var (position, ids) = _tail.Take();
        Assert.Equal(210, position);
        Assert.Equal([200], ids);
    }

    [Fact]
    public void It_waits_in_the_queue_once()
    {
        Assert.True(_tail.TrySchedule());
        Assert.False(_tail.TrySchedule());
        _tail.Take();
        Assert.True(_tail.TrySchedule());
    }
}
