using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Inner loops of the matrix product: each adds, for a few rows of weights and a few tokens, the products of <c>length</c> (a multiple of 8) elements of
/// k to accumulators of 8 lanes. Shape changes how often a value is loaded, never the order in which an accumulator is added to. The accumulator of
/// row r and token t lies at r · 8 + t · tokenStride; weights and inputs may have any alignment.
/// </summary>
internal static unsafe class MatMulKernels
{
    /// <summary>Most tokens that one pass over the weights serves: 4 rows · 3 tokens, 3 inputs and 1 weight fill the 16 registers of AVX2.</summary>
    public const int Tokens = 3;

    /// <summary>Rows that a pass for one token takes: memory is read faster in eight streams than in four.</summary>
    public const int StreamRows = 8;

    private const int Rows = 4;
    private const int Step = Lanes.Count;

    /// <summary>Elements of a row in a round of the loop: a cache line of bf16.</summary>
    private const int Round = 4 * Step;

    /// <summary>How many of <paramref name="tokens"/> the next pass takes: three, or two where that avoids a single one.</summary>
    public static int PassTokens(int tokens) => tokens == 4 ? 2 : Math.Min(tokens, Tokens);

    /// <summary>One pass of 1 to 3 tokens over any number of rows.</summary>
    /// <param name="weights">Row 0; the others follow at <paramref name="rowBytes"/>.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="x">Token 0; the others follow at <paramref name="xStride"/>.</param>
    /// <param name="xStride">Floats from token to token.</param>
    /// <param name="tokens">1, 2 or 3.</param>
    /// <param name="length">Elements of k.</param>
    /// <param name="sums">The accumulators.</param>
    /// <param name="tokenStride">Floats from a token's accumulators to the next one's.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pass<TElement>(
        byte* weights, long rowBytes, int rows, float* x, long xStride, int tokens, long length, float* sums, long tokenStride)
        where TElement : IElement
    {
        var r = 0;
        switch (tokens)
        {
            case 1:
                for (; r <= rows - StreamRows; r += StreamRows)
                {
                    Rows8Tokens1<TElement>(weights + r * rowBytes, rowBytes, x, length, sums + r * Step);
                }

                break;
            case 2:
                for (; r <= rows - Rows; r += Rows)
                {
                    Rows4Tokens2<TElement>(weights + r * rowBytes, rowBytes, x, xStride, length, sums + r * Step, tokenStride);
                }

                break;
            default:
                for (; r <= rows - Rows; r += Rows)
                {
                    Rows4Tokens3<TElement>(weights + r * rowBytes, rowBytes, x, xStride, length, sums + r * Step, tokenStride);
                }

                break;
        }

        for (; r < rows; r++)
        {
            for (var t = 0; t < tokens; t++)
            {
                Rows1Tokens1<TElement>(weights + r * rowBytes, x + t * xStride, length, sums + r * Step + t * tokenStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows1Tokens1<TElement>(byte* w, float* x, long length, float* a)
        where TElement : IElement
    {
        var sum = Vector256.Load(a);
        for (long k = 0; k < length; k += Step)
        {
            sum = Lanes.MultiplyAdd(TElement.Load(w + k * TElement.Size), Vector256.Load(x + k), sum);
        }

        sum.Store(a);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows8Tokens1<TElement>(byte* w0, long rowBytes, float* x, long length, float* a)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var w4 = w3 + rowBytes;
        var w5 = w4 + rowBytes;
        var w6 = w5 + rowBytes;
        var w7 = w6 + rowBytes;
        Load(a, out var a0, out var a1, out var a2, out var a3);
        Load(a + 4 * Step, out var a4, out var a5, out var a6, out var a7);
        for (long k = 0, b = 0; k < length; k += Step, b += Step * TElement.Size)
        {
            var x0 = Vector256.Load(x + k);
            a0 = Lanes.MultiplyAdd(TElement.Load(w0 + b), x0, a0);
            a1 = Lanes.MultiplyAdd(TElement.Load(w1 + b), x0, a1);
            a2 = Lanes.MultiplyAdd(TElement.Load(w2 + b), x0, a2);
            a3 = Lanes.MultiplyAdd(TElement.Load(w3 + b), x0, a3);
            a4 = Lanes.MultiplyAdd(TElement.Load(w4 + b), x0, a4);
            a5 = Lanes.MultiplyAdd(TElement.Load(w5 + b), x0, a5);
            a6 = Lanes.MultiplyAdd(TElement.Load(w6 + b), x0, a6);
            a7 = Lanes.MultiplyAdd(TElement.Load(w7 + b), x0, a7);
        }

        Store(a, a0, a1, a2, a3);
        Store(a + 4 * Step, a4, a5, a6, a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4Tokens2<TElement>(byte* w0, long rowBytes, float* x, long xStride, long length, float* a, long tokenStride)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var y = x + xStride;
        var b = a + tokenStride;
        Load(a, out var a0, out var a1, out var a2, out var a3);
        Load(b, out var b0, out var b1, out var b2, out var b3);
        for (; length >= Round; length -= Round)
        {
            Add<TElement>(w0, w1, w2, w3, x, y, 0, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            Add<TElement>(w0, w1, w2, w3, x, y, Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            Add<TElement>(w0, w1, w2, w3, x, y, 2 * Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            Add<TElement>(w0, w1, w2, w3, x, y, 3 * Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            w0 += Round * TElement.Size;
            w1 += Round * TElement.Size;
            w2 += Round * TElement.Size;
            w3 += Round * TElement.Size;
            x += Round;
            y += Round;
        }

        for (long k = 0; k < length; k += Step)
        {
            Add<TElement>(w0, w1, w2, w3, x, y, k, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        }

        Store(a, a0, a1, a2, a3);
        Store(b, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4Tokens3<TElement>(byte* w0, long rowBytes, float* x, long xStride, long length, float* a, long tokenStride)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var y = x + xStride;
        var z = y + xStride;
        var b = a + tokenStride;
        var c = b + tokenStride;
        Load(a, out var a0, out var a1, out var a2, out var a3);
        Load(b, out var b0, out var b1, out var b2, out var b3);
        Load(c, out var c0, out var c1, out var c2, out var c3);
        for (; length >= Round; length -= Round)
        {
            Add<TElement>(w0, w1, w2, w3, x, y, z, 0, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3, ref c0, ref c1, ref c2, ref c3);
            Add<TElement>(w0, w1, w2, w3, x, y, z, Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3, ref c0, ref c1, ref c2, ref c3);
            Add<TElement>(w0, w1, w2, w3, x, y, z, 2 * Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3, ref c0, ref c1, ref c2, ref c3);
            Add<TElement>(w0, w1, w2, w3, x, y, z, 3 * Step, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3, ref c0, ref c1, ref c2, ref c3);
            w0 += Round * TElement.Size;
            w1 += Round * TElement.Size;
            w2 += Round * TElement.Size;
            w3 += Round * TElement.Size;
            x += Round;
            y += Round;
            z += Round;
        }

        for (long k = 0; k < length; k += Step)
        {
            Add<TElement>(w0, w1, w2, w3, x, y, z, k, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3, ref c0, ref c1, ref c2, ref c3);
        }

        Store(a, a0, a1, a2, a3);
        Store(b, b0, b1, b2, b3);
        Store(c, c0, c1, c2, c3);
    }

    /// <summary>8 elements of k, 4 rows, 2 tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TElement>(
        byte* w0, byte* w1, byte* w2, byte* w3, float* x, float* y, long k,
        ref Vector256<float> a0, ref Vector256<float> a1, ref Vector256<float> a2, ref Vector256<float> a3,
        ref Vector256<float> b0, ref Vector256<float> b1, ref Vector256<float> b2, ref Vector256<float> b3)
        where TElement : IElement
    {
        var x0 = Vector256.Load(x + k);
        var y0 = Vector256.Load(y + k);
        var w = TElement.Load(w0 + k * TElement.Size);
        a0 = Lanes.MultiplyAdd(w, x0, a0);
        b0 = Lanes.MultiplyAdd(w, y0, b0);
        w = TElement.Load(w1 + k * TElement.Size);
        a1 = Lanes.MultiplyAdd(w, x0, a1);
        b1 = Lanes.MultiplyAdd(w, y0, b1);
        w = TElement.Load(w2 + k * TElement.Size);
        a2 = Lanes.MultiplyAdd(w, x0, a2);
        b2 = Lanes.MultiplyAdd(w, y0, b2);
        w = TElement.Load(w3 + k * TElement.Size);
        a3 = Lanes.MultiplyAdd(w, x0, a3);
        b3 = Lanes.MultiplyAdd(w, y0, b3);
    }

    /// <summary>8 elements of k, 4 rows, 3 tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TElement>(
        byte* w0, byte* w1, byte* w2, byte* w3, float* x, float* y, float* z, long k,
        ref Vector256<float> a0, ref Vector256<float> a1, ref Vector256<float> a2, ref Vector256<float> a3,
        ref Vector256<float> b0, ref Vector256<float> b1, ref Vector256<float> b2, ref Vector256<float> b3,
        ref Vector256<float> c0, ref Vector256<float> c1, ref Vector256<float> c2, ref Vector256<float> c3)
        where TElement : IElement
    {
        var x0 = Vector256.Load(x + k);
        var y0 = Vector256.Load(y + k);
        var z0 = Vector256.Load(z + k);
        var w = TElement.Load(w0 + k * TElement.Size);
        a0 = Lanes.MultiplyAdd(w, x0, a0);
        b0 = Lanes.MultiplyAdd(w, y0, b0);
        c0 = Lanes.MultiplyAdd(w, z0, c0);
        w = TElement.Load(w1 + k * TElement.Size);
        a1 = Lanes.MultiplyAdd(w, x0, a1);
        b1 = Lanes.MultiplyAdd(w, y0, b1);
        c1 = Lanes.MultiplyAdd(w, z0, c1);
        w = TElement.Load(w2 + k * TElement.Size);
        a2 = Lanes.MultiplyAdd(w, x0, a2);
        b2 = Lanes.MultiplyAdd(w, y0, b2);
        c2 = Lanes.MultiplyAdd(w, z0, c2);
        w = TElement.Load(w3 + k * TElement.Size);
        a3 = Lanes.MultiplyAdd(w, x0, a3);
        b3 = Lanes.MultiplyAdd(w, y0, b3);
        c3 = Lanes.MultiplyAdd(w, z0, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* a, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3)
    {
        a0 = Vector256.Load(a);
        a1 = Vector256.Load(a + Step);
        a2 = Vector256.Load(a + 2 * Step);
        a3 = Vector256.Load(a + 3 * Step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* a, Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3)
    {
        a0.Store(a);
        a1.Store(a + Step);
        a2.Store(a + 2 * Step);
        a3.Store(a + 3 * Step);
    }
}
