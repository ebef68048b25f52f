using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Tensors;

public sealed class Float8BitsTests
{
    private static readonly byte[] Numbers = [.. Enumerable.Range(0, 256).Select(bits => (byte)bits).Where(bits => (bits & 0x7F) != 0x7F)];

    [Fact]
    public void The_format_is_e4m3()
    {
        Assert.Equal([0f, 1f / 512, 7f / 512, 1f / 64, 1f, 1.125f, 448f, -2f], new byte[] { 0, 1, 7, 8, 0x38, 0x39, 0x7E, 0xC0 }.Select(Float8Bits.ToSingle));
        Assert.True(float.IsNaN(Float8Bits.ToSingle(0x7F)) && float.IsNaN(Float8Bits.ToSingle(0xFF)));
        Assert.Equal(Float8Bits.MaxValue, Numbers.Max(Float8Bits.ToSingle));
    }

    [Fact]
    public void Every_value_comes_back()
    {
        Assert.All(Numbers, bits => Assert.Equal(bits, Float8Bits.FromSingle(Float8Bits.ToSingle(bits))));
        Assert.True(float.IsNaN(Float8Bits.ToSingle(Float8Bits.FromSingle(float.NaN))));
    }

    [Fact]
    public void What_lies_between_goes_to_the_nearest_and_ties_to_even()
    {
        var values = Numbers.Where(bits => bits < 0x80).Select(Float8Bits.ToSingle).ToArray();
        for (var i = 0; i + 1 < values.Length; i++)
        {
            var middle = (values[i] + values[i + 1]) / 2;
            Assert.Equal(i, Float8Bits.FromSingle(MathF.BitDecrement(middle)));
            Assert.Equal(i % 2 == 0 ? i : i + 1, Float8Bits.FromSingle(middle));
            Assert.Equal(i + 1, Float8Bits.FromSingle(MathF.BitIncrement(middle)));
            Assert.Equal(0x80 | (i + 1), Float8Bits.FromSingle(-MathF.BitIncrement(middle)));
        }

        Assert.Equal(0x7E, Float8Bits.FromSingle(1e30f));
        Assert.Equal(0xFE, Float8Bits.FromSingle(float.NegativeInfinity));
    }
}
