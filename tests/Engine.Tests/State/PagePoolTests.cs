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

    [Fact]
    public void A_named_page_is_found_while_it_is_free_and_handed_out_after_those_without_a_name_the_oldest_first()
    {
        var pool = new PagePool(4, keepsPrefixes: true);
        var keys = Enumerable.Range(0, 3).Select(i => PrefixKey.Empty.Next([i])).ToArray();
        var pages = keys.Select(key =>
        {
            var page = pool.Rent();
            pool.Name(page, key);
            return page;
        }).ToArray();
        pool.Release(pages[2]);
        pool.Release(pages[0]);
        Assert.Equal((3, 2), (pool.FreeCount, pool.CachedCount));
        Assert.Equal(pages[0], pool.TryShare(keys[0]));
        Assert.Equal(pages[1], pool.TryShare(keys[1]));
        Assert.Equal((1, 2, 2, 1), (pool.References(pages[0]), pool.References(pages[1]), pool.FreeCount, pool.CachedCount));
        Assert.Equal(3, pool.Rent());
        Assert.Equal(pages[2], pool.Rent());
        Assert.Equal((-1, 0, 0), (pool.TryShare(keys[2]), pool.FreeCount, pool.CachedCount));
    }

    [Fact]
    public void A_name_goes_when_its_page_changes_and_all_go_when_nothing_is_to_be_trusted()
    {
        var pool = new PagePool(3, keepsPrefixes: true);
        var (first, second) = (PrefixKey.Empty.Next([1]), PrefixKey.Empty.Next([2]));
        var (one, two) = (pool.Rent(), pool.Rent());
        pool.Name(one, first);
        pool.Name(two, first);
        Assert.Equal(one, pool.TryShare(first));
        pool.Forget(one);
        Assert.False(pool.Has(first));
        pool.Name(two, second);
        pool.Release(two);
        Assert.Equal(1, pool.CachedCount);
        pool.ForgetAll();
        Assert.Equal((false, 0, 2), (pool.Has(second), pool.CachedCount, pool.FreeCount));
    }

    [Fact]
    public void Keys_depend_on_every_token_and_its_place()
    {
        int[] tokens = [1, 2, 3, 4];
        var keys = new HashSet<PrefixKey>
        {
            PrefixKey.Empty.Next(tokens),
            PrefixKey.Empty.Next([1, 2, 4, 3]),
            PrefixKey.Empty.Next([1, 2, 3]),
            PrefixKey.Empty.Next(tokens).Next(tokens),
            PrefixKey.Empty.Next([1, 2]).Next([3, 4]),
        };
        Assert.Equal(5, keys.Count);
        Assert.Contains(PrefixKey.Empty.Next(tokens.AsSpan().ToArray()), keys);
    }
}
