using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Tests.Models;

public sealed class RopeTablesTests
{
    [Theory]
    [InlineData("mistral-128k-trained")]
    [InlineData("mistral-64k-trained")]
    [InlineData("mistral-128k-hf-defaults")]
    [InlineData("llama-64k")]
    [InlineData("llama-128k")]
    public void Yarn_has_the_bits_of_f32_arithmetic(string profile)
    {
        var golden = GoldenFile.Read("yarn.json").GetProperty(profile);
        var factor = golden.GetProperty("factor").GetDouble();
        var mscale = golden.GetProperty("mscale_coef").GetDouble() * Math.Log(factor) + 1;
        var config = new RopeConfig
        {
            Theta = golden.GetProperty("base").GetDouble(),
            Scaling = RopeScaling.Yarn,
            Factor = factor,
            OriginalContextLength = golden.GetProperty("orig").GetInt32(),
            Yarn = new YarnProfile("test", golden.GetProperty("beta_fast").GetDouble(), golden.GetProperty("beta_slow").GetDouble(), mscale),
        };

        var table = RopeTables.Build(config, golden.GetProperty("dim").GetInt32(), 131072);
        var bits = table.InverseFrequencies.Select(value => $"0x{BitConverter.SingleToUInt32Bits(value):X8}");
        Assert.Equal(golden.GetProperty("inv_freq_f32_bits").EnumerateArray().Select(value => value.GetString()), bits);
        Assert.Equal((float)golden.GetProperty("mscale").GetDouble(), table.AttentionFactor);
    }

    [Theory]
    [InlineData(1000, 20, 0.5831107, -1.0420230)]
    [InlineData(1000, 45, 1.1816592, 0.1717891)]
    [InlineData(100000, 63, 0.8963467, 0.7889186)]
    public void Yarn_turns_a_position_as_the_trained_mistral_does(int position, int i, double cos, double sin)
    {
        var table = RopeTables.Build(Mistral128k, 128, 131072);
        var angle = (double)table.InverseFrequencies[i] * position;
        Assert.Equal(cos, Math.Cos(angle) * table.AttentionFactor, 1e-4);
        Assert.Equal(sin, Math.Sin(angle) * table.AttentionFactor, 1e-4);
    }

    [Fact]
    public void A_ramp_that_is_not_truncated_starts_between_dimensions()
    {
        var whole = RopeTables.Build(Mistral128k, 128, 131072).InverseFrequencies;
        var exact = RopeTables.Build(Mistral128k with { Yarn = Mistral128k.Yarn! with { Truncate = false } }, 128, 131072).InverseFrequencies;
        Assert.Equal(whole[16], exact[16]);
        Assert.True(exact[17] > whole[17], "the ramp from 16.13 keeps more of dimension 17 than the one from 16");
    }

    [Fact]
    public void Plain_frequencies_are_powers_of_the_base()
    {
        var table = RopeTables.Build(new RopeConfig(), 8, 1024);
        Assert.Equal([1f, 0.1f, 0.01f, 0.001f], table.InverseFrequencies);
        Assert.Equal((1f, int.MaxValue), (table.AttentionFactor, table.StretchStart));
    }

    [Fact]
    public void Linear_scaling_divides_every_frequency()
    {
        var table = RopeTables.Build(new RopeConfig { Scaling = RopeScaling.Linear, Factor = 4 }, 8, 1024);
        Assert.Equal([0.25f, 0.025f, 0.0025f, 0.00025f], table.InverseFrequencies);
    }

    [Fact]
    public void Dynamic_ntk_grows_the_base_with_the_position_beyond_the_original_length()
    {
        var config = new RopeConfig { Scaling = RopeScaling.DynamicNtk, Factor = 2, OriginalContextLength = 100 };
        var table = RopeTables.Build(config, 8, 200);
        var plain = RopeTables.Build(new RopeConfig(), 8, 200).InverseFrequencies;
        Assert.Equal(plain, table.FrequenciesAt(99));

        // At position 149 the sequence has 150 tokens: base · (2 · 150 / 100 - 1)^(8 / 6).
        var theta = 10000 * Math.Pow(2, 8.0 / 6);
        Assert.Equal((float)Math.Pow(theta, -0.5), table.FrequenciesAt(149)[2], 1e-9);
        Assert.Equal(table.FrequenciesAt(199), table.FrequenciesAt(100_000));
        Assert.False(table.FrequenciesAt(198).SequenceEqual(table.FrequenciesAt(199)));
    }

    [Fact]
    public void Dynamic_ntk_within_the_original_length_is_plain()
    {
        var config = new RopeConfig { Scaling = RopeScaling.DynamicNtk, Factor = 1, OriginalContextLength = 100 };
        Assert.Equal(int.MaxValue, RopeTables.Build(config, 8, 100).StretchStart);
    }

    [Fact]
    public void Frequencies_can_be_rounded_to_bf16()
    {
        var table = RopeTables.Build(new RopeConfig { RoundFrequenciesToBFloat16 = true }, 64, 2048);
        Assert.All(table.InverseFrequencies, value => Assert.Equal(0u, BitConverter.SingleToUInt32Bits(value) & 0xFFFF));
        Assert.Equal(0.75f, table.InverseFrequencies[1], 0.004f);
    }

    [Fact]
    public void Yarn_without_constants_is_refused()
    {
        var config = new RopeConfig { Scaling = RopeScaling.Yarn, Factor = 2, OriginalContextLength = 100 };
        Assert.Throws<ArgumentException>(() => RopeTables.Build(config, 8, 200));
    }

    private static RopeConfig Mistral128k => new()
    {
        Scaling = RopeScaling.Yarn,
        Factor = 16,
        OriginalContextLength = 8192,
        Yarn = new YarnProfile("yarn-mistral", 128, 2, 0.07 * Math.Log(16) + 1),
    };
}
