using System.Text.Json;
using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Tests.Models;

public sealed class YarnRampTests
{
    [Theory]
    [InlineData("mistral-128k-trained")]
    [InlineData("mistral-64k-trained")]
    [InlineData("mistral-128k-hf-defaults")]
    [InlineData("llama-64k")]
    [InlineData("llama-128k")]
    public void Agrees_with_the_golden_tables(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Golden("yarn.json")));
        var table = golden.RootElement.GetProperty(name);
        var (rope, headDim) = (Rope(table), table.GetProperty("dim").GetInt32());
        var ramp = YarnRamp.Of(rope, headDim);
        Assert.Equal(table.GetProperty("low").GetDouble(), ramp.Low);
        Assert.Equal(table.GetProperty("high").GetDouble(), ramp.High);
        Assert.Equal(table.GetProperty("mscale").GetDouble(), ramp.AttentionFactor, 1e-12);
        foreach (var (expected, pair) in table.GetProperty("inv_freq_f64").EnumerateArray().Select((value, i) => (value.GetDouble(), i)))
        {
            var plain = Math.Pow(rope.Theta, -2.0 * pair / headDim);
            var share = ramp.Interpolation(pair);
            Assert.Equal(1, (plain * (1 - share) + plain / rope.Factor * share) / expected, 1e-12);
        }
    }

    [Fact]
    public void Ends_that_meet_are_kept_apart()
    {
        var rope = new RopeConfig { Scaling = RopeScaling.Yarn, Factor = 2, OriginalContextLength = 6, Yarn = new YarnProfile("test", 32, 1, 1) };
        var ramp = YarnRamp.Of(rope, 64);
        Assert.Equal((0, 0.001), (ramp.Low, ramp.High));
    }

    [Fact]
    public void Without_rounding_the_ends_are_the_raw_ones()
    {
        var rope = new RopeConfig { Scaling = RopeScaling.Yarn, Factor = 16, OriginalContextLength = 8192, Yarn = new YarnProfile("test", 128, 2, 1, Truncate: false) };
        var ramp = YarnRamp.Of(rope, 128);
        Assert.Equal((16.128002, 45.026881), (Math.Round(ramp.Low, 6), Math.Round(ramp.High, 6)));
    }

    [Theory]
    [InlineData("auto", null)]
    [InlineData("default", "32/1/0.1")]
    [InlineData("mistral", "128/2/0.07")]
    [InlineData("64/1.5/0", "64/1.5/0")]
    public void Constants_are_parsed(string text, string? expected) => Assert.Equal(expected, YarnConstants.Parse(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("32/1")]
    [InlineData("1/32/0.1")]
    [InlineData("32/0/0.1")]
    [InlineData("32/1/NaN")]
    [InlineData("32/1/-1")]
    public void Other_constants_are_refused(string text) => Assert.Throws<FormatException>(() => YarnConstants.Parse(text));

    private static RopeConfig Rope(JsonElement table)
    {
        var constants = new YarnConstants(table.GetProperty("beta_fast").GetDouble(), table.GetProperty("beta_slow").GetDouble(), table.GetProperty("mscale_coef").GetDouble());
        var factor = table.GetProperty("factor").GetDouble();
        return new RopeConfig
        {
            Theta = table.GetProperty("base").GetDouble(),
            Scaling = RopeScaling.Yarn,
            Factor = factor,
            OriginalContextLength = table.GetProperty("orig").GetInt32(),
            Yarn = constants.ToProfile("golden", factor),
        };
    }
}
