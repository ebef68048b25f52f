using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Tests.Models;

public sealed class DecayTablesTests
{
    [Fact]
    public void Lightning_slopes_and_decays_are_those_of_the_spec()
    {
        var golden = GoldenFile.Read("supra-decay.json");
        var slopes = golden.GetProperty("slopes").Doubles();
        var gamma = golden.GetProperty("gamma").Doubles();
        var found = DecayTables.Slopes(32, start: null);
        Assert.Equal(32, slopes.Length);
        for (var head = 0; head < 32; head++)
        {
            Assert.Equal(slopes[head], found[head], 1e-12);
        }

        Assert.Equal(gamma.Select(value => (float)value), DecayTables.Build(new SupraConfig { Decay = SupraDecay.Lightning }, 32));
    }

    [Fact]
    public void A_start_replaces_the_first_slope()
        => Assert.Equal([0.5, 0.125, 0.03125, 0.0078125], DecayTables.Slopes(4, start: 0.5));

    [Fact]
    public void Six_heads_take_four_slopes_and_every_second_of_eight()
        => Assert.Equal([0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125], DecayTables.Slopes(6, start: null));

    [Fact]
    public void Retnet_decays_are_one_minus_powers_of_two()
        => Assert.Equal([1 - 1f / 32, 1 - 1f / 64, 1 - 1f / 128], DecayTables.Build(new SupraConfig { Decay = SupraDecay.RetNet }, 3));

    [Fact]
    public void Without_decay_nothing_fades() => Assert.Equal([1f, 1f], DecayTables.Build(new SupraConfig { Decay = SupraDecay.None }, 2));
}
