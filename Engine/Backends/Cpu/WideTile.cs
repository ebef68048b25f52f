using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Six rows and four tokens in 512 bits: an accumulator holds the 8 lanes of one row for two tokens, so every lane adds in the same order as in
/// <see cref="NarrowTile"/>. A weight is read once and lies in both halves.
/// </summary>
internal readonly unsafe struct WideTile : ITile
{
    private const int Step = Lanes.Count;
    private const int Pair = 2 * Step;
    private const int PanelStep = 6 * Step;
    private const int Unrolled = 4;

    public static int Rows => 6;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(float* panel, float* x, long length, int tokens, float* from, float* to, byte* fetch, byte* also)
    {
        Load(from, out var a0, out var a1, out var a2, out var a3, out var a4, out var a5);
        Load(from + Pair, out var b0, out var b1, out var b2, out var b3, out var b4, out var b5);
        for (; length >= Unrolled * Step; length -= Unrolled * Step)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(fetch);
                Sse.Prefetch1(also);
                fetch += ITile.FetchBytes;
                also += ITile.FetchBytes;
            }

            Add(panel, x, ref a0, ref a1, ref a2, ref a3, ref a4, ref a5, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5);
            Add(panel + PanelStep, x + ITile.RowSums, ref a0, ref a1, ref a2, ref a3, ref a4, ref a5, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5);
            Add(panel + 2 * PanelStep, x + 2 * ITile.RowSums, ref a0, ref a1, ref a2, ref a3, ref a4, ref a5, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5);
            Add(panel + 3 * PanelStep, x + 3 * ITile.RowSums, ref a0, ref a1, ref a2, ref a3, ref a4, ref a5, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5);
            panel += Unrolled * PanelStep;
            x += Unrolled * ITile.RowSums;
        }

        for (; length > 0; length -= Step)
        {
            Add(panel, x, ref a0, ref a1, ref a2, ref a3, ref a4, ref a5, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5);
            panel += PanelStep;
            x += ITile.RowSums;
        }

        Store(to, a0, a1, a2, a3, a4, a5);
        Store(to + Pair, b0, b1, b2, b3, b4, b5);
    }

    /// <summary>8 elements of k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        float* w, float* x,
        ref Vector512<float> a0, ref Vector512<float> a1, ref Vector512<float> a2, ref Vector512<float> a3, ref Vector512<float> a4, ref Vector512<float> a5,
        ref Vector512<float> b0, ref Vector512<float> b1, ref Vector512<float> b2, ref Vector512<float> b3, ref Vector512<float> b4, ref Vector512<float> b5)
    {
        var x0 = Vector512.Load(x);
        var x1 = Vector512.Load(x + Pair);
        var both = Both(w);
        a0 = Lanes.MultiplyAdd(both, x0, a0);
        b0 = Lanes.MultiplyAdd(both, x1, b0);
        both = Both(w + Step);
        a1 = Lanes.MultiplyAdd(both, x0, a1);
        b1 = Lanes.MultiplyAdd(both, x1, b1);
        both = Both(w + 2 * Step);
        a2 = Lanes.MultiplyAdd(both, x0, a2);
        b2 = Lanes.MultiplyAdd(both, x1, b2);
        both = Both(w + 3 * Step);
        a3 = Lanes.MultiplyAdd(both, x0, a3);
        b3 = Lanes.MultiplyAdd(both, x1, b3);
        both = Both(w + 4 * Step);
        a4 = Lanes.MultiplyAdd(both, x0, a4);
        b4 = Lanes.MultiplyAdd(both, x1, b4);
        both = Both(w + 5 * Step);
        a5 = Lanes.MultiplyAdd(both, x0, a5);
        b5 = Lanes.MultiplyAdd(both, x1, b5);
    }

    // Not BroadcastVector256ToVector512 seen as floats: compiled with AVX-512, its products were wrong.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Both(float* w)
    {
        var lanes = Vector256.Load(w);
        return Vector512.Create(lanes, lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(
        float* sums,
        out Vector512<float> row0, out Vector512<float> row1, out Vector512<float> row2,
        out Vector512<float> row3, out Vector512<float> row4, out Vector512<float> row5)
    {
        row0 = Vector512.Load(sums);
        row1 = Vector512.Load(sums + ITile.RowSums);
        row2 = Vector512.Load(sums + 2 * ITile.RowSums);
        row3 = Vector512.Load(sums + 3 * ITile.RowSums);
        row4 = Vector512.Load(sums + 4 * ITile.RowSums);
        row5 = Vector512.Load(sums + 5 * ITile.RowSums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(
        float* sums,
        Vector512<float> row0, Vector512<float> row1, Vector512<float> row2, Vector512<float> row3, Vector512<float> row4, Vector512<float> row5)
    {
        row0.Store(sums);
        row1.Store(sums + ITile.RowSums);
        row2.Store(sums + 2 * ITile.RowSums);
        row3.Store(sums + 3 * ITile.RowSums);
        row4.Store(sums + 4 * ITile.RowSums);
        row5.Store(sums + 5 * ITile.RowSums);
    }
}
