using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Sampling;

public sealed class CutoffSearchTests
{
    public static TheoryData<string> Shapes => ["spread", "flat", "equal", "few values", "steep", "one", "zeros"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rank_keeps_exactly_the_heaviest_and_of_equals_the_first(string shape)
    {
        foreach (var length in (int[])[1, 16, 17, 700, 2047, 2048, 5000, 20_000])
        {
            var weights = Weights(shape, length);
            foreach (var limit in (int[])[1, 2, 50, 300, 5000])
            {
                if (limit < length)
                {
                    var kept = weights.ToArray();
                    CutoffSearch.Apply(new CutoffSearch(length).OfRank(weights, limit), kept);
                    AssertKept(Heaviest(weights).Take(limit), weights, kept);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Share_keeps_exactly_the_fewest_that_reach_it(string shape)
    {
        foreach (var length in (int[])[1, 17, 700, 5000])
        {
            var weights = Weights(shape, length);
            foreach (var share in (float[])[0.001f, 0.3f, 0.77f, 0.95f, 0.9999f])
            {
                var target = share * weights.Sum(weight => (double)weight);
                var sum = 0.0;
                var expected = Heaviest(weights).TakeWhile(id => (sum += weights[id]) - weights[id] < target).ToArray();
                var kept = weights.ToArray();
                CutoffSearch.Apply(new CutoffSearch(length).OfShare(weights, share), kept);
                AssertKept(expected, weights, kept);
            }
        }
    }

    [Fact]
    public void A_search_is_not_disturbed_by_the_one_before()
    {
        var search = new CutoffSearch(5000);
        var weights = Weights("spread", 5000);
        var first = (search.OfRank(weights, 40), search.OfShare(weights, 0.8f));
        search.OfRank(Weights("flat", 3000), 2000);
        Assert.Equal(first, (search.OfRank(weights, 40), search.OfShare(weights, 0.8f)));
    }

    private static IEnumerable<int> Heaviest(float[] weights) =>
        Enumerable.Range(0, weights.Length).Where(id => weights[id] > 0).OrderByDescending(id => weights[id]).ThenBy(id => id);

    private static void AssertKept(IEnumerable<int> expected, float[] weights, float[] kept)
    {
        var wanted = new float[weights.Length];
        foreach (var id in expected)
        {
            wanted[id] = weights[id];
        }

        Assert.True(wanted.AsSpan().SequenceEqual(kept));
    }

    private static float[] Weights(string shape, int length)
    {
        var random = new Random(length);
        var weights = Enumerable.Range(0, length).Select(_ => Weight(shape, random)).ToArray();
        weights[random.Next(length)] = 1;
        return weights;
    }

    private static float Weight(string shape, Random random) => shape switch
    {
        "spread" => (float)Math.Exp(-12 * random.NextDouble()),
        "flat" => 1 - (random.NextSingle() * 0.01f),
        "equal" => 1,
        "few values" => (float)Math.Exp(-random.Next(6)),
        "steep" => (float)Math.Exp(-80 * random.NextDouble()),
        "one" => 0,
        _ => random.Next(3) == 0 ? random.NextSingle() : 0,
    };
}
