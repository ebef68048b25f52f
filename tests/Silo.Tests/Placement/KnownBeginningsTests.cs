using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Placement;

public sealed class KnownBeginningsTests
{
    private static readonly EngineDescription s_engine = new FakeEngine().Description with { PageTokens = 16, StateBytesPerSequence = 0, Fingerprint = new string('a', 70) };

    [Fact]
    public void A_prompt_is_told_by_the_ends_of_1_2_4_pages_and_so_on()
    {
        Assert.Equal([16, 32, 64, 128], Of(Tokens(200)).Select(beginning => beginning.Tokens));
        Assert.Empty(Of(Tokens(15)));
        Assert.Equal(Of(Tokens(200)), Of(Tokens(250))[..4]);
    }

    [Fact]
    public void Keys_differ_where_tokens_or_weights_differ_and_nowhere_else()
    {
        var tokens = Tokens(200);
        tokens[40]++;
        Assert.Equal([true, true, false, false], Of(Tokens(200)).Zip(Of(tokens), (one, other) => one == other));
        var other = PromptBeginnings.Of(s_engine with { Fingerprint = new string('a', 69) + "b" }, Tokens(200));
        Assert.DoesNotContain(other, beginning => Of(Tokens(200)).Contains(beginning));
        Assert.Empty(PromptBeginnings.Of(s_engine with { StateBytesPerSequence = 1 }, Tokens(200)));
    }

    [Fact]
    public void The_longest_that_is_known_counts_and_the_newest_are_kept()
    {
        var known = new KnownBeginnings();
        known.Note(Of(Tokens(200)));
        Assert.Equal(128, KnownBeginnings.LongestIn(Of(Tokens(300)), known.Keys));
        Assert.Equal(32, KnownBeginnings.LongestIn(Of([.. Tokens(50), .. Tokens(100, 9)]), known.Keys));
        Assert.Equal(0, KnownBeginnings.LongestIn(Of(Tokens(100, 9)), known.Keys));
        for (var i = 0; i < KnownBeginnings.Capacity; i++)
        {
            known.Note(Of(Tokens(16, 100 + i)));
            known.Note(Of(Tokens(32)));
        }

        Assert.Equal(KnownBeginnings.Capacity, known.Keys.Length);
        Assert.Equal(32, KnownBeginnings.LongestIn(Of(Tokens(200)), known.Keys));
    }

    private static List<Beginning> Of(int[] tokens) => [.. PromptBeginnings.Of(s_engine, tokens)];

    private static int[] Tokens(int count, int seed = 1) => [.. Enumerable.Range(0, count).Select(i => (seed * 1000) + i)];
}
