using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The one order of additions of this backend (docs/decisions/0005): a sum over k runs in 8 lanes, lane j taking k = j, j + 8, j + 16, … in turn with
/// fused multiply-add; the lanes are then added as ((0+4)+(2+6)) + ((1+5)+(3+7)). Wider or narrower hardware vectors give the same bits.
/// </summary>
internal static unsafe class Lanes
{
    public const int Count = 8;

    /// <summary>False on hardware without fused multiply-add, where products are rounded before they are added: other bits, so another backend kind.</summary>
    public static bool Fused => Fma.IsSupported || AdvSimd.IsSupported;

    public static int RoundUp(int length) => (length + Count - 1) & -Count;

    /// <summary>a · b + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c)
    {
        if (Fma.IsSupported)
        {
            return Fma.MultiplyAdd(a, b, c);
        }

        if (AdvSimd.IsSupported)
        {
            return Vector256.Create(
                AdvSimd.FusedMultiplyAdd(c.GetLower(), a.GetLower(), b.GetLower()),
                AdvSimd.FusedMultiplyAdd(c.GetUpper(), a.GetUpper(), b.GetUpper()));
        }

        return (a * b) + c;
    }

    /// <summary>The same of two sets of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Avx512F.IsSupported
        ? Avx512F.FusedMultiplyAdd(a, b, c)
        : Vector512.Create(MultiplyAdd(a.GetLower(), b.GetLower(), c.GetLower()), MultiplyAdd(a.GetUpper(), b.GetUpper(), c.GetUpper()));

    /// <summary>a · b + c of one lane, with the same rounding as <see cref="MultiplyAdd(Vector256{float}, Vector256{float}, Vector256{float})"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => Fused ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> lanes)
    {
        var four = lanes.GetLower() + lanes.GetUpper();
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3));
        return two.ToScalar() + two.GetElement(1);
    }

    /// <summary><see cref="Sum(Vector256{float})"/> of each of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        if (!Sse.IsSupported)
        {
            return Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d));
        }

        var a4 = a.GetLower() + a.GetUpper();
        var b4 = b.GetLower() + b.GetUpper();
        var c4 = c.GetLower() + c.GetUpper();
        var d4 = d.GetLower() + d.GetUpper();
        var ab = Sse.MoveLowToHigh(a4, b4) + Sse.MoveHighToLow(b4, a4);
        var cd = Sse.MoveLowToHigh(c4, d4) + Sse.MoveHighToLow(d4, c4);
        return Sse.Shuffle(ab, cd, 0b10_00_10_00) + Sse.Shuffle(ab, cd, 0b11_01_11_01);
    }

    /// <summary><see cref="Sum(Vector256{float})"/> of each of eight vectors: a…d in the lower half, e…h in the upper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sum(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h)
    {
        if (!Avx.IsSupported)
        {
            return Vector256.Create(Sum(a, b, c, d), Sum(e, f, g, h));
        }

        var ae = Avx.Permute2x128(a, e, 0x20) + Avx.Permute2x128(a, e, 0x31);
        var bf = Avx.Permute2x128(b, f, 0x20) + Avx.Permute2x128(b, f, 0x31);
        var cg = Avx.Permute2x128(c, g, 0x20) + Avx.Permute2x128(c, g, 0x31);
        var dh = Avx.Permute2x128(d, h, 0x20) + Avx.Permute2x128(d, h, 0x31);
        var ab = Avx.Shuffle(ae, bf, 0b01_00_01_00) + Avx.Shuffle(ae, bf, 0b11_10_11_10);
        var cd = Avx.Shuffle(cg, dh, 0b01_00_01_00) + Avx.Shuffle(cg, dh, 0b11_10_11_10);
        return Avx.Shuffle(ab, cd, 0b10_00_10_00) + Avx.Shuffle(ab, cd, 0b11_01_11_01);
    }

    public static float Max(Vector256<float> lanes)
    {
        var four = Vector128.Max(lanes.GetLower(), lanes.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3)));
        return MathF.Max(two.ToScalar(), two.GetElement(1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Widen(ushort* source)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(source).AsUInt32();
        }

        var (lower, upper) = Vector128.Widen(Vector128.Load(source));
        return Vector256.Create(lower, upper);
    }

    /// <summary>The last <paramref name="count"/> (1…7) elements of a row, zeros after them.</summary>
    public static Vector256<float> LoadTail<TElement>(byte* source, int count)
        where TElement : IElement
    {
        var lanes = stackalloc float[Count];
        for (var lane = 0; lane < Count; lane++)
        {
            lanes[lane] = lane < count ? TElement.LoadScalar(source + lane * TElement.Size) : 0;
        }

        return Vector256.Load(lanes);
    }

    /// <summary>Converts a row to f32, followed by zeros up to a multiple of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Convert<TElement>(byte* source, float* destination, int count)
        where TElement : IElement
    {
        for (; count >= 4 * Count; count -= 4 * Count, source += 4 * Count * TElement.Size, destination += 4 * Count)
        {
            TElement.Load(source).Store(destination);
            TElement.Load(source + Count * TElement.Size).Store(destination + Count);
            TElement.Load(source + 2 * Count * TElement.Size).Store(destination + 2 * Count);
            TElement.Load(source + 3 * Count * TElement.Size).Store(destination + 3 * Count);
        }

        for (; count >= Count; count -= Count, source += Count * TElement.Size, destination += Count)
        {
            TElement.Load(source).Store(destination);
        }

        if (count > 0)
        {
            LoadTail<TElement>(source, count).Store(destination);
        }
    }

    /// <summary>Rounds a row of f32 to an element type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<TElement>(float* source, byte* destination, int count)
        where TElement : IElement
    {
        var k = 0;
        for (; k <= count - Count; k += Count)
        {
            TElement.Store(Vector256.Load(source + k), destination + (long)k * TElement.Size);
        }

        for (; k < count; k++)
        {
            TElement.StoreScalar(source[k], destination + (long)k * TElement.Size);
        }
    }
}
