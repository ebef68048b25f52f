using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Sampling;

public sealed class CounterRandomTests
{
    /// <summary>The known answers that the authors of Philox publish for philox4x32-10.</summary>
    [Fact]
    public void Known_answers_of_philox()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), CounterRandom.Block((0, 0, 0, 0), (0, 0)));
        Assert.Equal(
            (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            CounterRandom.Block((uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue), (uint.MaxValue, uint.MaxValue)));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            CounterRandom.Block((0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), (0xa4093822, 0x299f31d0)));
    }

    /// <summary>These are persisted in effect: a session that was begun with one version must go on the same with the next.</summary>
    [Theory]
    [InlineData(0, 0, 0.8805201978886142)]
    [InlineData(0, 1, 0.36209111566940344)]
    [InlineData(1, 0, 0.8946847163350924)]
    [InlineData(42, 7, 0.4080856156904158)]
    [InlineData(ulong.MaxValue, 131071, 0.2046243288598013)]
    [InlineData(12345678901234567, 8589934597, 0.5053943513088454)]
    public void Uniform_of_seed_and_position(ulong seed, long position, double expected) => Assert.Equal(expected, CounterRandom.Uniform(seed, position));

    [Fact]
    public void Numbers_are_spread_evenly_over_positions_and_over_seeds()
    {
        const int Draws = 100_000;
        Assert.InRange(ChiSquare(i => CounterRandom.Uniform(9, i)), 50, 160);
        Assert.InRange(ChiSquare(i => CounterRandom.Uniform((ulong)i, 9)), 50, 160);

        // 99 degrees of freedom: mean 99, standard deviation 14; the bounds are past 3.5 of them on the low side and 4.3 on the high one.
        static double ChiSquare(Func<int, double> draw)
        {
            var counts = new int[100];
            for (var i = 0; i < Draws; i++)
            {
                counts[(int)(draw(i) * 100)]++;
            }

            return counts.Sum(count => Math.Pow(count - (Draws / 100), 2) / (Draws / 100));
        }
    }
}
