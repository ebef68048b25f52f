using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    /// <summary>Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625, in another order.</summary>
    private static readonly float[] Halves = [.. new[] { 0.125, 0.5, 0.0625, 0.25, 0.0625 }.Select(p => (float)Math.Log(p))];

    [Fact]
    public void Greedy_takes_the_highest_and_of_equals_the_lowest_id()
    {
        Assert.Equal(1, Sample(Halves, new()));
        Assert.Equal(2, Sample([-0f, -1, 0f, 0f], new() { LogitBias = new Dictionary<int, float> { [0] = -1 } }));
        Assert.Equal(0, Sample([-0f, -1, 0f, 0f], new()));
        foreach (var length in (int[])[1, 15, 16, 17, 33, 4096])
        {
            for (var place = 0; place < length; place += 7)
            {
                var logits = new float[length];
                logits[place] = logits[^1] = 1;
                Assert.Equal(place, Sample(logits, new()));
            }
        }
    }

    [Theory]
    [InlineData(0, 1, 0, "0 1 2 3 4")]
    [InlineData(1, 1, 0, "1")]
    [InlineData(2, 1, 0, "1 3")]
    [InlineData(4, 1, 0, "0 1 2 3")] // the tie goes to the lower id
    [InlineData(99, 1, 0, "0 1 2 3 4")]
    [InlineData(0, 0.4, 0, "1")]
    [InlineData(0, 0.6, 0, "1 3")]
    [InlineData(0, 0.8, 0, "0 1 3")]
    [InlineData(0, 0.9, 0, "0 1 2 3")]
    [InlineData(0, 0.95, 0, "0 1 2 3 4")]
    [InlineData(0, 0.00001, 0, "1")]
    [InlineData(2, 0.66, 0, "1")] // of the two that are left, 2/3 and 1/3
    [InlineData(2, 0.67, 0, "1 3")]
    [InlineData(0, 1, 0.2, "0 1 3")]
    [InlineData(0, 1, 0.6, "1")]
    [InlineData(0, 1, 1, "1")]
    [InlineData(0, 0.6, 0.6, "1")]
    public void Top_k_top_p_and_min_p_keep_exactly(int topK, float topP, float minP, string expected)
    {
        var p = new SamplingParameters { Temperature = 1, TopK = topK, TopP = topP, MinP = minP };
        var drawn = Draw(Halves, p, 4000);
        Assert.Equal(expected, string.Join(' ', drawn.Keys.Order()));
    }

    [Theory]
    [InlineData(1, 0, 1, 0)]
    [InlineData(0.7, 0, 1, 0)]
    [InlineData(1.5, 40, 0.9, 0)]
    [InlineData(1, 0, 0.8, 0.02)]
    [InlineData(2, 100, 1, 0.05)]
    public void Draws_follow_the_distribution(float temperature, int topK, float topP, float minP)
    {
        const int Draws = 8_000;
        var logits = RandomLogits(300, seed: 11, spread: 2);
        var p = new SamplingParameters { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 77 };
        var expected = NaiveSampler.Distribution(logits, p, [], []);
        var drawn = Draw(logits, p, Draws);

        Assert.Subset(expected.Keys.ToHashSet(), drawn.Keys.ToHashSet());
        var common = expected.Where(entry => entry.Value * Draws >= 10).ToArray();
        var chiSquare = common.Sum(entry => Math.Pow(drawn.GetValueOrDefault(entry.Key) - (entry.Value * Draws), 2) / (entry.Value * Draws));
        var spread = 4 * Math.Sqrt(2.0 * common.Length);
        Assert.InRange(chiSquare, common.Length - spread, common.Length + spread);
    }

    [Fact]
    public void The_kept_set_is_the_naive_one_for_many_shapes()
    {
        var random = new Random(12);
        for (var i = 0; i < 150; i++)
        {
            var logits = RandomLogits(random.Next(1, 700), seed: i, spread: (float)Math.Exp((random.NextDouble() * 8) - 3));
            if (i % 3 == 0)
            {
                // Many equal values.
                logits = [.. logits.Select(value => MathF.Round(value))];
            }

            var p = new SamplingParameters { Temperature = 1, TopK = random.Next(3) == 0 ? 0 : random.Next(1, 300), TopP = random.Next(3) == 0 ? 1 : (float)random.NextDouble(), MinP = random.Next(2) * 0.01f };
            p = p.TopP <= 0 ? p with { TopP = 0.5f } : p;
            var expected = NaiveSampler.Distribution(logits, p, [], []);
            var drawn = Draw(logits, p, 300).Keys.ToHashSet();
            Assert.Subset(expected.Keys.ToHashSet(), drawn);
            Assert.Superset(expected.Where(entry => entry.Value * 300 > 18).Select(entry => entry.Key).ToHashSet(), drawn);
        }
    }

    [Fact]
    public void Equal_logits_are_all_drawn_and_top_k_takes_the_first_of_them()
    {
        var logits = new float[1000];
        Assert.True(Draw(logits, new() { Temperature = 1 }, 500).Keys.Max() > 950);
        Assert.Equal(Enumerable.Range(0, 20), Draw(logits, new() { Temperature = 1, TopK = 20 }, 400).Keys.Order());
        Assert.Equal(Enumerable.Range(0, 10), Draw(logits, new() { Temperature = 1, TopP = 0.01f }, 300).Keys.Order());
    }

    [Fact]
    public void A_draw_is_the_same_whatever_was_drawn_before_it()
    {
        var rows = Enumerable.Range(0, 40).Select(i => RandomLogits(513, seed: 100 + i, spread: 2)).ToArray();
        var plan = SamplingPlan.Create(new() { Temperature = 0.9f, TopK = 50, TopP = 0.95f, Seed = 5 }, 513);
        var sampler = new Sampler(513);
        var forward = Enumerable.Range(0, 40).Select(i => sampler.Sample(rows[i], plan, null, i).Token.TokenId).ToArray();
        var backward = Enumerable.Range(0, 40).Reverse().Select(i => sampler.Sample(rows[i], plan, null, i).Token.TokenId).Reverse().ToArray();
        Assert.Equal(forward, backward);
        Assert.Equal(forward, Enumerable.Range(0, 40).Select(i => new Sampler(513).Sample(rows[i], plan, null, i).Token.TokenId));
    }

    /// <summary>Fixed ids: a change of the arithmetic that moves a draw breaks the promise to sessions that exist.</summary>
    [Fact]
    public void Draws_of_a_seed_stay_what_they_are()
    {
        var logits = Enumerable.Range(0, 1000).Select(i => (float)((i * 7919 % 1000) / 100.0)).ToArray();
        var sampler = new Sampler(1000);
        var plan = SamplingPlan.Create(new() { Temperature = 1.3f, TopP = 0.9f, Seed = 2024 }, 1000);
        Assert.Equal([272, 435, 51, 483, 445, 495, 408, 829, 113, 594, 989, 717], Enumerable.Range(0, 12).Select(i => sampler.Sample(logits, plan, null, i).Token.TokenId));
    }

    [Fact]
    public void Penalties_and_bias_agree_with_the_naive_ones()
    {
        var random = new Random(13);
        for (var i = 0; i < 100; i++)
        {
            var logits = RandomLogits(64, seed: i, spread: 3);
            int[] prompt = [.. Enumerable.Range(0, 20).Select(_ => random.Next(64))];
            int[] generated = [.. Enumerable.Range(0, 30).Select(_ => random.Next(64))];
            var p = new SamplingParameters
            {
                RepetitionPenalty = 1 + (float)random.NextDouble(),
                PresencePenalty = (float)((random.NextDouble() * 4) - 2),
                FrequencyPenalty = (float)(random.NextDouble() - 0.5),
                LogitBias = new Dictionary<int, float> { [random.Next(64)] = 3, [63] = -100 },
            };
            var plan = SamplingPlan.Create(p, 64);
            var counts = plan.NewCounts(prompt)!;
            foreach (var id in generated)
            {
                counts.AddGenerated(id);
            }

            var expected = NaiveSampler.Distribution(logits, p, prompt, generated).Keys.Single();
            Assert.Equal(expected, new Sampler(64).Sample(logits, plan, counts, 0).Token.TokenId);
            Assert.Equal(expected, new Sampler(64).Sample(logits, plan, plan.NewCounts(prompt, generated), 0).Token.TokenId);
        }
    }

    [Fact]
    public void Counts_tell_generated_tokens_from_those_of_the_prompt()
    {
        var counts = new TokenCounts(100);
        counts.AddPrompt([5, 6, 5]);
        counts.AddGenerated(7);
        counts.AddGenerated(5);
        counts.AddGenerated(7);
        Assert.Equal([5, 6, 7], counts.Ids.ToArray());
        Assert.Equal((1, 0, 2, 0), (counts.Generated(5), counts.Generated(6), counts.Generated(7), counts.Generated(8)));
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_raw_logits()
    {
        var logits = RandomLogits(4096, seed: 14, spread: 4);
        var p = new SamplingParameters { Temperature = 0.5f, TopK = 3, LogProbs = 5, LogitBias = new Dictionary<int, float> { [9] = 50 } };
        var sampled = new Sampler(4096).Sample(logits, SamplingPlan.Create(p, 4096), null, 3);

        var max = logits.Max();
        var normalizer = max + Math.Log(logits.Sum(value => Math.Exp((double)value - max)));
        Assert.Equal(9, sampled.Token.TokenId);
        Assert.Equal(logits[9] - normalizer, sampled.Token.LogProb, 1e-6);
        var best = Enumerable.Range(0, 4096).OrderByDescending(id => logits[id]).Take(5);
        Assert.Equal(best, sampled.Top!.Select(token => token.TokenId));
        Assert.All(sampled.Top!, token => Assert.Equal(logits[token.TokenId] - normalizer, token.LogProb, 1e-6));
    }

    [Fact]
    public void Log_probabilities_of_huge_and_tiny_logits_are_finite()
    {
        var scored = new Sampler(3).Score([3e38f, -3e38f, 3e38f], 0, 3, position: 1);
        Assert.Equal(Math.Log(0.5), scored.Token.LogProb, 1e-6);
        Assert.Equal([0, 2, 1], scored.Top!.Select(token => token.TokenId));
        Assert.Equal(Math.Log(0.5), new Sampler(2).Score([1e-40f, 0], 1, 0, 0).Token.LogProb, 1e-6);
    }

    [Theory]
    [InlineData(null, true, false)]
    [InlineData(0, false, false)]
    [InlineData(2, false, true)]
    public void Log_probabilities_are_reported_only_when_asked_for(int? asked, bool nan, bool top)
    {
        var sampled = new Sampler(5).Sample(Halves, SamplingPlan.Create(new() { LogProbs = asked }, 5), null, 0);
        Assert.Equal((nan, top), (float.IsNaN(sampled.Token.LogProb), sampled.Top is not null));
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, 3)]
    [InlineData(float.NegativeInfinity, 40)]
    [InlineData(float.NaN, 49)]
    public void A_logit_that_is_not_finite_is_an_internal_error_that_names_the_place(float value, int id)
    {
        var logits = RandomLogits(50, seed: 15, spread: 1);
        logits[id] = value;
        foreach (var p in new[] { new SamplingParameters(), new SamplingParameters { Temperature = 1 } })
        {
            var error = Assert.Throws<EngineException>(() => new Sampler(50).Sample(logits, SamplingPlan.Create(p, 50), null, 1234));
            Assert.Equal(EngineError.Internal, error.Error);
            Assert.Contains($"token {id} for position 1234", error.Message);
        }
    }

    [Fact]
    public void Extreme_temperatures_are_the_limits_they_tend_to()
    {
        Assert.Equal([1], Draw(Halves, new() { Temperature = float.Epsilon }, 50).Keys);
        Assert.Equal([1], Draw(Halves, new() { Temperature = 1e-30f }, 50).Keys);
        Assert.Equal(5, Draw(Halves, new() { Temperature = float.MaxValue }, 200).Count);
    }

    [Fact]
    public void Nothing_is_allocated_per_token()
    {
        var logits = RandomLogits(4096, seed: 16, spread: 2);
        var sampler = new Sampler(4096);
        foreach (var p in new SamplingParameters[]
        {
            new(), new() { Temperature = 0.8f, TopK = 50, TopP = 0.9f, MinP = 0.01f }, new() { Temperature = 1, TopP = 0.9f },
            new() { Temperature = 1, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f, LogitBias = new Dictionary<int, float> { [1] = 1 } },
        })
        {
            var plan = SamplingPlan.Create(p, 4096);
            var counts = plan.NewCounts([1, 2, 3]);
            sampler.Sample(logits, plan, counts, 0);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 20; i++)
            {
                counts?.AddGenerated(sampler.Sample(logits, plan, counts, i).Token.TokenId);
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    private static int Sample(float[] logits, SamplingParameters p) =>
        new Sampler(logits.Length).Sample(logits, SamplingPlan.Create(p, logits.Length), null, 0).Token.TokenId;

    private static Dictionary<int, int> Draw(float[] logits, SamplingParameters p, int draws)
    {
        var sampler = new Sampler(logits.Length);
        var plan = SamplingPlan.Create(p, logits.Length);
        return Enumerable.Range(0, draws).GroupBy(i => sampler.Sample(logits, plan, null, i).Token.TokenId).ToDictionary(group => group.Key, group => group.Count());
    }

    private static float[] RandomLogits(int count, int seed, float spread)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
    }
}
