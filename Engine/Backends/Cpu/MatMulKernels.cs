using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Inner loops of the matrix product: each adds, for a few rows of weights and a few tokens, the products of <c>length</c> (a multiple of 8) elements of
/// k to accumulators of 8 lanes. Shape changes how often a value is loaded, never the order in which an accumulator is added to. Accumulator of row r
/// and token t: at (t · accumulatorRows + r) · 8.
/// </summary>
internal static unsafe class MatMulKernels
{
    /// <summary>Rows of weights that the wide kernels take.</summary>
    public const int Rows = 4;

    /// <summary>Tokens that the widest kernel takes: 4 · 3 accumulators, 3 inputs and 1 weight fill the 16 registers of AVX2.</summary>
    public const int Tokens = 3;

    /// <summary>Any number of rows and tokens, cut into kernels.</summary>
    public static void Accumulate<TElement>(
        byte* weights, long rowBytes, int rows, float* x, long xStride, int tokens, int length, float* accumulators, int accumulatorRows)
        where TElement : IElement
    {
        for (var t = 0; t < tokens;)
        {
            // Four tokens are better cut 2 + 2 than 3 + 1.
            var width = tokens - t == 4 ? 2 : Math.Min(Tokens, tokens - t);
            Tokens1To3<TElement>(weights, rowBytes, rows, x + t * xStride, xStride, width, length, accumulators + (long)t * accumulatorRows * Lanes.Count, accumulatorRows);
            t += width;
        }
    }

    private static void Tokens1To3<TElement>(
        byte* weights, long rowBytes, int rows, float* x, long xStride, int tokens, int length, float* accumulators, int accumulatorRows)
        where TElement : IElement
    {
        var tokenStride = (long)accumulatorRows * Lanes.Count;
        var r = 0;
        for (; r <= rows - Rows; r += Rows)
        {
            var w = weights + r * rowBytes;
            var a = accumulators + r * Lanes.Count;
            switch (tokens)
            {
                case 1: Rows4Tokens1<TElement>(w, rowBytes, x, length, a); break;
                case 2: Rows4Tokens2<TElement>(w, rowBytes, x, xStride, length, a, tokenStride); break;
                default: Rows4Tokens3<TElement>(w, rowBytes, x, xStride, length, a, tokenStride); break;
            }
        }

        for (; r < rows; r++)
        {
            for (var t = 0; t < tokens; t++)
            {
                Rows1Tokens1<TElement>(weights + r * rowBytes, x + t * xStride, length, accumulators + t * tokenStride + r * Lanes.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1Tokens1<TElement>(byte* w, float* x, int length, float* a)
        where TElement : IElement
    {
        var a00 = Vector256.Load(a);
        for (var k = 0; k < length; k += Lanes.Count)
        {
            a00 = Lanes.MultiplyAdd(TElement.Load(w), Vector256.Load(x + k), a00);
            w += Lanes.Count * TElement.Size;
        }

        a00.Store(a);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4Tokens1<TElement>(byte* w0, long rowBytes, float* x, int length, float* a)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var a0 = Vector256.Load(a);
        var a1 = Vector256.Load(a + 8);
        var a2 = Vector256.Load(a + 16);
        var a3 = Vector256.Load(a + 24);
        for (long k = 0, b = 0; k < length; k += Lanes.Count, b += Lanes.Count * TElement.Size)
        {
            var x0 = Vector256.Load(x + k);
            a0 = Lanes.MultiplyAdd(TElement.Load(w0 + b), x0, a0);
            a1 = Lanes.MultiplyAdd(TElement.Load(w1 + b), x0, a1);
            a2 = Lanes.MultiplyAdd(TElement.Load(w2 + b), x0, a2);
            a3 = Lanes.MultiplyAdd(TElement.Load(w3 + b), x0, a3);
        }

        a0.Store(a);
        a1.Store(a + 8);
        a2.Store(a + 16);
        a3.Store(a + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4Tokens2<TElement>(byte* w0, long rowBytes, float* x, long xStride, int length, float* a, long tokenStride)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var y = x + xStride;
        var b = a + tokenStride;
        var a0 = Vector256.Load(a);
        var a1 = Vector256.Load(a + 8);
        var a2 = Vector256.Load(a + 16);
        var a3 = Vector256.Load(a + 24);
        var b0 = Vector256.Load(b);
        var b1 = Vector256.Load(b + 8);
        var b2 = Vector256.Load(b + 16);
        var b3 = Vector256.Load(b + 24);
        for (long k = 0, byteOffset = 0; k < length; k += Lanes.Count, byteOffset += Lanes.Count * TElement.Size)
        {
            var x0 = Vector256.Load(x + k);
            var y0 = Vector256.Load(y + k);
            var w = TElement.Load(w0 + byteOffset);
            a0 = Lanes.MultiplyAdd(w, x0, a0);
            b0 = Lanes.MultiplyAdd(w, y0, b0);
            w = TElement.Load(w1 + byteOffset);
            a1 = Lanes.MultiplyAdd(w, x0, a1);
            b1 = Lanes.MultiplyAdd(w, y0, b1);
            w = TElement.Load(w2 + byteOffset);
            a2 = Lanes.MultiplyAdd(w, x0, a2);
            b2 = Lanes.MultiplyAdd(w, y0, b2);
            w = TElement.Load(w3 + byteOffset);
            a3 = Lanes.MultiplyAdd(w, x0, a3);
            b3 = Lanes.MultiplyAdd(w, y0, b3);
        }

        a0.Store(a);
        a1.Store(a + 8);
        a2.Store(a + 16);
        a3.Store(a + 24);
        b0.Store(b);
        b1.Store(b + 8);
        b2.Store(b + 16);
        b3.Store(b + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4Tokens3<TElement>(byte* w0, long rowBytes, float* x, long xStride, int length, float* a, long tokenStride)
        where TElement : IElement
    {
        var w1 = w0 + rowBytes;
        var w2 = w1 + rowBytes;
        var w3 = w2 + rowBytes;
        var y = x + xStride;
        var z = y + xStride;
        var b = a + tokenStride;
        var c = b + tokenStride;
        var a0 = Vector256.Load(a);
        var a1 = Vector256.Load(a + 8);
        var a2 = Vector256.Load(a + 16);
        var a3 = Vector256.Load(a + 24);
        var b0 = Vector256.Load(b);
        var b1 = Vector256.Load(b + 8);
        var b2 = Vector256.Load(b + 16);
        var b3 = Vector256.Load(b + 24);
        var c0 = Vector256.Load(c);
        var c1 = Vector256.Load(c + 8);
        var c2 = Vector256.Load(c + 16);
        var c3 = Vector256.Load(c + 24);
        for (long k = 0, byteOffset = 0; k < length; k += Lanes.Count, byteOffset += Lanes.Count * TElement.Size)
        {
            var x0 = Vector256.Load(x + k);
            var y0 = Vector256.Load(y + k);
            var z0 = Vector256.Load(z + k);
            var w = TElement.Load(w0 + byteOffset);
            a0 = Lanes.MultiplyAdd(w, x0, a0);
            b0 = Lanes.MultiplyAdd(w, y0, b0);
            c0 = Lanes.MultiplyAdd(w, z0, c0);
            w = TElement.Load(w1 + byteOffset);
            a1 = Lanes.MultiplyAdd(w, x0, a1);
            b1 = Lanes.MultiplyAdd(w, y0, b1);
            c1 = Lanes.MultiplyAdd(w, z0, c1);
            w = TElement.Load(w2 + byteOffset);
            a2 = Lanes.MultiplyAdd(w, x0, a2);
            b2 = Lanes.MultiplyAdd(w, y0, b2);
            c2 = Lanes.MultiplyAdd(w, z0, c2);
            w = TElement.Load(w3 + byteOffset);
            a3 = Lanes.MultiplyAdd(w, x0, a3);
            b3 = Lanes.MultiplyAdd(w, y0, b3);
            c3 = Lanes.MultiplyAdd(w, z0, c3);
        }

        a0.Store(a);
        a1.Store(a + 8);
        a2.Store(a + 16);
        a3.Store(a + 24);
        b0.Store(b);
        b1.Store(b + 8);
        b2.Store(b + 16);
        b3.Store(b + 24);
        c0.Store(c);
        c1.Store(c + 8);
        c2.Store(c + 16);
        c3.Store(c + 24);
    }
}
