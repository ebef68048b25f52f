using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Three rows and four tokens in 256 bits: 12 accumulators, 3 weights and an input fill the 16 registers of AVX2; 7 loads serve 12 multiply-adds.</summary>
internal readonly unsafe struct NarrowTile : ITile
{
    private const int Step = Lanes.Count;
    private const int PanelStep = 3 * Step;
    private const int Unrolled = 4;

    public static int Rows => 3;

    public static void Run(float* panel, float* x, long length, int tokens, float* from, float* to, byte* fetch, byte* also)
    {
        switch (tokens)
        {
            case 1: Run<One>(panel, x, length, from, to, fetch, also); break;
            case 2: Run<Two>(panel, x, length, from, to, fetch, also); break;
            case 3: Run<Three>(panel, x, length, from, to, fetch, also); break;
            default: Run<Four>(panel, x, length, from, to, fetch, also); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run<TTokens>(float* w, float* x, long length, float* from, float* to, byte* fetch, byte* also)
        where TTokens : ITokens
    {
        Load(from + 0 * Step, out var a0, out var a1, out var a2);
        Load(from + 1 * Step, out var b0, out var b1, out var b2);
        Load(from + 2 * Step, out var c0, out var c1, out var c2);
        Load(from + 3 * Step, out var d0, out var d1, out var d2);
        for (; length >= Unrolled * Step; length -= Unrolled * Step)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(fetch);
                Sse.Prefetch1(also);
                fetch += ITile.FetchBytes;
                also += ITile.FetchBytes;
            }

            Add<TTokens>(w, x, ref a0, ref a1, ref a2, ref b0, ref b1, ref b2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
            Add<TTokens>(w + PanelStep, x + ITile.RowSums, ref a0, ref a1, ref a2, ref b0, ref b1, ref b2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
            Add<TTokens>(w + 2 * PanelStep, x + 2 * ITile.RowSums, ref a0, ref a1, ref a2, ref b0, ref b1, ref b2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
            Add<TTokens>(w + 3 * PanelStep, x + 3 * ITile.RowSums, ref a0, ref a1, ref a2, ref b0, ref b1, ref b2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
            w += Unrolled * PanelStep;
            x += Unrolled * ITile.RowSums;
        }

        for (; length > 0; length -= Step)
        {
            Add<TTokens>(w, x, ref a0, ref a1, ref a2, ref b0, ref b1, ref b2, ref c0, ref c1, ref c2, ref d0, ref d1, ref d2);
            w += PanelStep;
            x += ITile.RowSums;
        }

        Store(to + 0 * Step, a0, a1, a2);
        Store(to + 1 * Step, b0, b1, b2);
        Store(to + 2 * Step, c0, c1, c2);
        Store(to + 3 * Step, d0, d1, d2);
    }

    /// <summary>8 elements of k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TTokens>(
        float* w, float* x,
        ref Vector256<float> a0, ref Vector256<float> a1, ref Vector256<float> a2,
        ref Vector256<float> b0, ref Vector256<float> b1, ref Vector256<float> b2,
        ref Vector256<float> c0, ref Vector256<float> c1, ref Vector256<float> c2,
        ref Vector256<float> d0, ref Vector256<float> d1, ref Vector256<float> d2)
        where TTokens : ITokens
    {
        var w0 = Vector256.Load(w);
        var w1 = Vector256.Load(w + Step);
        var w2 = Vector256.Load(w + 2 * Step);
        var v = Vector256.Load(x);
        a0 = Lanes.MultiplyAdd(w0, v, a0);
        a1 = Lanes.MultiplyAdd(w1, v, a1);
        a2 = Lanes.MultiplyAdd(w2, v, a2);

        if (TTokens.Count > 1)
        {
            v = Vector256.Load(x + 1 * Step);
            b0 = Lanes.MultiplyAdd(w0, v, b0);
            b1 = Lanes.MultiplyAdd(w1, v, b1);
            b2 = Lanes.MultiplyAdd(w2, v, b2);
        }

        if (TTokens.Count > 2)
        {
            v = Vector256.Load(x + 2 * Step);
            c0 = Lanes.MultiplyAdd(w0, v, c0);
            c1 = Lanes.MultiplyAdd(w1, v, c1);
            c2 = Lanes.MultiplyAdd(w2, v, c2);
        }

        if (TTokens.Count > 3)
        {
            v = Vector256.Load(x + 3 * Step);
            d0 = Lanes.MultiplyAdd(w0, v, d0);
            d1 = Lanes.MultiplyAdd(w1, v, d1);
            d2 = Lanes.MultiplyAdd(w2, v, d2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* sums, out Vector256<float> row0, out Vector256<float> row1, out Vector256<float> row2)
    {
        row0 = Vector256.Load(sums);
        row1 = Vector256.Load(sums + ITile.RowSums);
        row2 = Vector256.Load(sums + 2 * ITile.RowSums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, Vector256<float> row0, Vector256<float> row1, Vector256<float> row2)
    {
        row0.Store(sums);
        row1.Store(sums + ITile.RowSums);
        row2.Store(sums + 2 * ITile.RowSums);
    }

    /// <summary>A number of tokens that the compiler knows.</summary>
    private interface ITokens
    {
        static abstract int Count { get; }
    }

    private readonly struct One : ITokens
    {
        public static int Count => 1;
    }

    private readonly struct Two : ITokens
    {
        public static int Count => 2;
    }

    private readonly struct Three : ITokens
    {
        public static int Count => 3;
    }

    private readonly struct Four : ITokens
    {
        public static int Count => 4;
    }
}
