using System.Runtime.Intrinsics;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cpu;

/// <summary>The elementary functions and conversions, over all or very many arguments.</summary>
public sealed unsafe class FunctionTests
{
    [Fact]
    public void Exponential_is_within_two_units_in_the_last_place()
    {
        var worst = 0.0;
        for (var x = 0f; x > -87f; x -= 0.00137f)
        {
            var exact = Math.Exp(x);
            var unit = MathF.BitIncrement((float)exact) - (float)exact;
            worst = Math.Max(worst, Math.Abs(Exponential.NotPositive(x) - exact) / unit);
        }

        Assert.InRange(worst, 0.3, Lanes.Fused ? 1.2 : 2);
    }

    [Fact]
    public void Exponential_ends_well()
    {
        Assert.Equal(1f, Exponential.NotPositive(0f));
        Assert.Equal(1f, Exponential.NotPositive(-0f));
        Assert.Equal(0f, Exponential.NotPositive(-87.01f));
        Assert.Equal(0f, Exponential.NotPositive(float.NegativeInfinity));
        Assert.Equal(0f, Exponential.NotPositive(float.MinValue));
        Assert.True(float.IsNaN(Exponential.NotPositive(float.NaN)));
    }

    [Fact]
    public void Sines_and_cosines_are_correctly_rounded_up_to_a_million()
    {
        for (var i = 0; i < 200_000; i++)
        {
            var angle = i * 5.0371f * (i % 3 == 0 ? -1 : 1) / (i % 7 + 1);
            var (sin, cos) = Trigonometry.SinCos(angle);
            Assert.True(MathF.Abs(sin - (float)Math.Sin(angle)) <= MathF.BitIncrement(MathF.Abs(sin)) - MathF.Abs(sin), $"sin {angle:R}");
            Assert.True(MathF.Abs(cos - (float)Math.Cos(angle)) <= MathF.BitIncrement(MathF.Abs(cos)) - MathF.Abs(cos), $"cos {angle:R}");
        }
    }

    [Fact]
    public void Every_half_of_both_kinds_is_read_exactly()
    {
        var halves = stackalloc ushort[8];
        var single = stackalloc float[8];
        for (var start = 0; start <= ushort.MaxValue; start += 8)
        {
            for (var i = 0; i < 8; i++)
            {
                halves[i] = (ushort)(start + i);
            }

            BFloat16Element.Load((byte*)halves).Store(single);
            AssertRead(halves, single, DataType.BFloat16);
            Float16Element.Load((byte*)halves).Store(single);
            AssertRead(halves, single, DataType.Float16);
        }
    }

    [Fact]
    public void Singles_are_rounded_to_halves_as_the_scalar_conversion_rounds_them()
    {
        var halves = stackalloc ushort[8];
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var bits = Vector256.Create((uint)random.Next(), (uint)random.Next() << 1, 0x7F7F_FFFF, 0x7F80_0001, 0xFFFF_FFFF, 0x3F80_8000, 0x3F81_8000, 0x8000_0001);
            BFloat16Element.Store(bits.AsSingle(), (byte*)halves);
            for (var lane = 0; lane < 8; lane++)
            {
                Assert.Equal(Float16Bits.FromSingle(bits.AsSingle()[lane], DataType.BFloat16), halves[lane]);
            }
        }
    }

    [Fact]
    public void Four_sums_are_four_times_one_sum()
    {
        var random = new Random(2);
        Vector256<float> Lane() => Vector256.Create((float)random.NextDouble(), -3.7f * (float)random.NextDouble(), 1e-3f, 1e7f, (float)random.NextDouble(), 3, 1e-7f, 0.1f);
        for (var i = 0; i < 1000; i++)
        {
            var (a, b, c, d) = (Lane(), Lane(), Lane(), Lane());
            Assert.Equal(Vector128.Create(Lanes.Sum(a), Lanes.Sum(b), Lanes.Sum(c), Lanes.Sum(d)), Lanes.Sum(a, b, c, d));
        }
    }

    private static void AssertRead(ushort* halves, float* found, DataType type)
    {
        for (var i = 0; i < 8; i++)
        {
            var expected = Float16Bits.ToSingle(halves[i], type);
            var same = float.IsNaN(expected) ? float.IsNaN(found[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(found[i]);
            Assert.True(same, $"{type} {halves[i]:x4}: {found[i]:R} found, {expected:R} expected");
        }
    }
}
