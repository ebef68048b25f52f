using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Tests.State;

public sealed class PagePoolTests
{
    [Fact]
    public void A_page_is_free_again_when_its_last_reference_goes()
    {
        var pool = new PagePool(2);
        var page = pool.Rent();
        pool.AddReference(page);
        pool.Release(page);
        Assert.Equal((1, 1), (pool.References(page), pool.FreeCount));
        pool.Release(page);
        Assert.Equal((0, 2), (pool.References(page), pool.FreeCount));
    }

    [Fact]
    public void Every_page_is_handed_out_once()
    {
        var pool = new PagePool(5);
        var pages = Enumerable.Range(0, 5).Select(_ => pool.Rent()).ToArray();
        Assert.Equal([0, 1, 2, 3, 4], pages);
        Assert.Equal((0, 5), (pool.FreeCount, pool.UsedCount));
        Assert.Throws<InvalidOperationException>(() => pool.Rent());
    }

    [Fact]
    public void A_free_page_can_be_neither_shared_nor_given_back()
    {
        var pool = new PagePool(1);
        Assert.Throws<InvalidOperationException>(() => pool.AddReference(0));
        pool.Release(pool.Rent());
        Assert.Throws<InvalidOperationException>(() => pool.Release(0));
        Assert.Equal(1, pool.FreeCount);
    }

    [Fact]
    public void An_empty_pool_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new PagePool(0));
}
