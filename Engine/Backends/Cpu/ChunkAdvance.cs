using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>The state after a complete chunk: γ^C S + Σ γ^(C-m) k_m v_mᵀ, over m ascending.</summary>
internal static unsafe class ChunkAdvance
{
    private const int Vector = ChunkKernels.Vector;
    private const int Strip = ChunkKernels.Strip;

    public static void Advance(in ChunkRows rows, in ChunkTables tables, int column, int width)
    {
        if (!rows.CompletesChunk)
        {
            return;
        }

        var i = 0;
        for (; width == Strip && i <= rows.Dim - 3; i += 3)
        {
            AdvanceRows(rows, tables, i, column);
        }

        for (; i < rows.Dim; i++)
        {
            AdvanceRow(rows, tables, i, column, width);
        }
    }

    /// <summary>Three key dimensions of a strip of the state: twelve sums, four loads and three broadcasts a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AdvanceRows(in ChunkRows rows, in ChunkTables tables, int i, int column)
    {
        var (dim, count) = (rows.Dim, rows.ChunkTokens);
        float* s0 = rows.State + (long)i * dim + column, s1 = s0 + dim, s2 = s1 + dim;
        var whole = Vector256.Create(*tables.Whole);
        var (a0, a1, a2, a3) = (Vector256.Load(s0) * whole, Vector256.Load(s0 + Vector) * whole, Vector256.Load(s0 + 2 * Vector) * whole, Vector256.Load(s0 + 3 * Vector) * whole);
        var (b0, b1, b2, b3) = (Vector256.Load(s1) * whole, Vector256.Load(s1 + Vector) * whole, Vector256.Load(s1 + 2 * Vector) * whole, Vector256.Load(s1 + 3 * Vector) * whole);
        var (c0, c1, c2, c3) = (Vector256.Load(s2) * whole, Vector256.Load(s2 + Vector) * whole, Vector256.Load(s2 + 2 * Vector) * whole, Vector256.Load(s2 + 3 * Vector) * whole);
        var kept = tables.KeptKeys + i;
        var values = rows.Values;
        for (var m = 0; m < count; m++, kept += dim)
        {
            var v = values[m] + column;
            var (x, y, z) = (Vector256.Create(kept[0]), Vector256.Create(kept[1]), Vector256.Create(kept[2]));
            var s = Vector256.Load(v);
            (a0, b0, c0) = (Lanes.MultiplyAdd(x, s, a0), Lanes.MultiplyAdd(y, s, b0), Lanes.MultiplyAdd(z, s, c0));
            s = Vector256.Load(v + Vector);
            (a1, b1, c1) = (Lanes.MultiplyAdd(x, s, a1), Lanes.MultiplyAdd(y, s, b1), Lanes.MultiplyAdd(z, s, c1));
            s = Vector256.Load(v + 2 * Vector);
            (a2, b2, c2) = (Lanes.MultiplyAdd(x, s, a2), Lanes.MultiplyAdd(y, s, b2), Lanes.MultiplyAdd(z, s, c2));
            s = Vector256.Load(v + 3 * Vector);
            (a3, b3, c3) = (Lanes.MultiplyAdd(x, s, a3), Lanes.MultiplyAdd(y, s, b3), Lanes.MultiplyAdd(z, s, c3));
        }

        ChunkKernels.Store(s0, a0, a1, a2, a3);
        ChunkKernels.Store(s1, b0, b1, b2, b3);
        ChunkKernels.Store(s2, c0, c1, c2, c3);
    }

    /// <summary>One key dimension.</summary>
    private static void AdvanceRow(in ChunkRows rows, in ChunkTables tables, int i, int column, int width)
    {
        var end = column + width;
        for (; column <= end - Vector; column += Vector)
        {
            AdvanceVector(rows, tables, i, column);
        }

        for (; column < end; column++)
        {
            AdvanceCell(rows, tables, i, column);
        }
    }

    private static void AdvanceVector(in ChunkRows rows, in ChunkTables tables, int i, int column)
    {
        var cells = rows.State + (long)i * rows.Dim + column;
        var sum = Vector256.Load(cells) * *tables.Whole;
        for (var m = 0; m < rows.ChunkTokens; m++)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(tables.KeptKeys[(long)m * rows.Dim + i]), Vector256.Load(rows.Values[m] + column), sum);
        }

        sum.Store(cells);
    }

    private static void AdvanceCell(in ChunkRows rows, in ChunkTables tables, int i, int column)
    {
        var cell = rows.State + (long)i * rows.Dim + column;
        var sum = *cell * *tables.Whole;
        for (var m = 0; m < rows.ChunkTokens; m++)
        {
            sum = Lanes.MultiplyAdd(tables.KeptKeys[(long)m * rows.Dim + i], rows.Values[m][column], sum);
        }

        *cell = sum;
    }
}
