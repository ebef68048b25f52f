using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>What the rows of a chunk read: the state, then the values of the chunk up to their own.</summary>
internal static unsafe class ChunkReads
{
    private const int Vector = ChunkKernels.Vector;
    private const int Strip = ChunkKernels.Strip;

    public static void ReadStrip(in ChunkRows rows, in ChunkTables tables, int column)
    {
        var r = 0;
        for (; r <= rows.Count - 3; r += 3)
        {
            ReadRows(rows, tables, r, column);
        }

        for (; r < rows.Count; r++)
        {
            ReadRow(rows, tables, r, column);
        }
    }

    /// <summary>Three rows of a strip: twelve sums, four loads and three broadcasts a key dimension.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ReadRows(in ChunkRows rows, in ChunkTables tables, int r, int column)
    {
        var place = rows.First + r;
        var dim = rows.Dim;
        float* q0 = rows.Queries + r * rows.RowStride, q1 = q0 + rows.RowStride, q2 = q1 + rows.RowStride;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var (b0, b1, b2, b3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var (c0, c1, c2, c3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var state = rows.State + column;
        for (var i = 0; i < dim; i++, state += dim)
        {
            var (x, y, z) = (Vector256.Create(q0[i]), Vector256.Create(q1[i]), Vector256.Create(q2[i]));
            var s = Vector256.Load(state);
            (a0, b0, c0) = (Lanes.MultiplyAdd(x, s, a0), Lanes.MultiplyAdd(y, s, b0), Lanes.MultiplyAdd(z, s, c0));
            s = Vector256.Load(state + Vector);
            (a1, b1, c1) = (Lanes.MultiplyAdd(x, s, a1), Lanes.MultiplyAdd(y, s, b1), Lanes.MultiplyAdd(z, s, c1));
            s = Vector256.Load(state + 2 * Vector);
            (a2, b2, c2) = (Lanes.MultiplyAdd(x, s, a2), Lanes.MultiplyAdd(y, s, b2), Lanes.MultiplyAdd(z, s, c2));
            s = Vector256.Load(state + 3 * Vector);
            (a3, b3, c3) = (Lanes.MultiplyAdd(x, s, a3), Lanes.MultiplyAdd(y, s, b3), Lanes.MultiplyAdd(z, s, c3));
        }

        var (r0, r1, r2) = (tables.Read[place], tables.Read[place + 1], tables.Read[place + 2]);
        (a0, a1, a2, a3) = (a0 * r0, a1 * r0, a2 * r0, a3 * r0);
        (b0, b1, b2, b3) = (b0 * r1, b1 * r1, b2 * r1, b3 * r1);
        (c0, c1, c2, c3) = (c0 * r2, c1 * r2, c2 * r2, c3 * r2);
        var w0 = tables.Weights + place * rows.ChunkTokens;
        float* w1 = w0 + rows.ChunkTokens, w2 = w1 + rows.ChunkTokens;
        for (var m = 0; m <= place; m++)
        {
            var v = rows.Values[m] + column;
            var (x, y, z) = (Vector256.Create(w0[m]), Vector256.Create(w1[m]), Vector256.Create(w2[m]));
            var s = Vector256.Load(v);
            (a0, b0, c0) = (Lanes.MultiplyAdd(x, s, a0), Lanes.MultiplyAdd(y, s, b0), Lanes.MultiplyAdd(z, s, c0));
            s = Vector256.Load(v + Vector);
            (a1, b1, c1) = (Lanes.MultiplyAdd(x, s, a1), Lanes.MultiplyAdd(y, s, b1), Lanes.MultiplyAdd(z, s, c1));
            s = Vector256.Load(v + 2 * Vector);
            (a2, b2, c2) = (Lanes.MultiplyAdd(x, s, a2), Lanes.MultiplyAdd(y, s, b2), Lanes.MultiplyAdd(z, s, c2));
            s = Vector256.Load(v + 3 * Vector);
            (a3, b3, c3) = (Lanes.MultiplyAdd(x, s, a3), Lanes.MultiplyAdd(y, s, b3), Lanes.MultiplyAdd(z, s, c3));
        }

        var o = rows.Output + r * rows.RowStride + column;
        ChunkKernels.Store(o, a0, a1, a2, a3);
        AddValues(rows, w1, place + 1, place + 1, column, ref b0, ref b1, ref b2, ref b3);
        ChunkKernels.Store(o + rows.RowStride, b0, b1, b2, b3);
        AddValues(rows, w2, place + 1, place + 2, column, ref c0, ref c1, ref c2, ref c3);
        ChunkKernels.Store(o + 2 * rows.RowStride, c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void ReadRow(in ChunkRows rows, in ChunkTables tables, int r, int column)
    {
        var place = rows.First + r;
        var dim = rows.Dim;
        var q = rows.Queries + r * rows.RowStride;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var state = rows.State + column;
        for (var i = 0; i < dim; i++, state += dim)
        {
            Add(Vector256.Create(q[i]), state, ref a0, ref a1, ref a2, ref a3);
        }

        var left = tables.Read[place];
        (a0, a1, a2, a3) = (a0 * left, a1 * left, a2 * left, a3 * left);
        AddValues(rows, tables.Weights + place * rows.ChunkTokens, 0, place, column, ref a0, ref a1, ref a2, ref a3);
        ChunkKernels.Store(rows.Output + r * rows.RowStride + column, a0, a1, a2, a3);
    }

    /// <summary>One row of two strips: eight sums, so that a decode row waits for memory and not for additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void ReadRow64(in ChunkRows rows, in ChunkTables tables, int column)
    {
        var place = rows.First;
        var dim = rows.Dim;
        var q = rows.Queries;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var (b0, b1, b2, b3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var state = rows.State + column;
        for (var i = 0; i < dim; i++, state += dim)
        {
            var x = Vector256.Create(q[i]);
            Add(x, state, ref a0, ref a1, ref a2, ref a3);
            Add(x, state + Strip, ref b0, ref b1, ref b2, ref b3);
        }

        var left = tables.Read[place];
        (a0, a1, a2, a3) = (a0 * left, a1 * left, a2 * left, a3 * left);
        (b0, b1, b2, b3) = (b0 * left, b1 * left, b2 * left, b3 * left);
        var weights = tables.Weights + place * rows.ChunkTokens;
        for (var m = 0; m <= place; m++)
        {
            var x = Vector256.Create(weights[m]);
            var v = rows.Values[m] + column;
            Add(x, v, ref a0, ref a1, ref a2, ref a3);
            Add(x, v + Strip, ref b0, ref b1, ref b2, ref b3);
        }

        ChunkKernels.Store(rows.Output + column, a0, a1, a2, a3);
        ChunkKernels.Store(rows.Output + column + Strip, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddValues(
        in ChunkRows rows, float* weights, int from, int last, int column,
        ref Vector256<float> a0, ref Vector256<float> a1, ref Vector256<float> a2, ref Vector256<float> a3)
    {
        for (var m = from; m <= last; m++)
        {
            Add(Vector256.Create(weights[m]), rows.Values[m] + column, ref a0, ref a1, ref a2, ref a3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        Vector256<float> factor, float* source, ref Vector256<float> a0, ref Vector256<float> a1, ref Vector256<float> a2, ref Vector256<float> a3)
    {
        a0 = Lanes.MultiplyAdd(factor, Vector256.Load(source), a0);
        a1 = Lanes.MultiplyAdd(factor, Vector256.Load(source + Vector), a1);
        a2 = Lanes.MultiplyAdd(factor, Vector256.Load(source + 2 * Vector), a2);
        a3 = Lanes.MultiplyAdd(factor, Vector256.Load(source + 3 * Vector), a3);
    }

    /// <summary>One vector of columns, or the last few of a head dimension that no vector divides.</summary>
    public static void ReadNarrow(in ChunkRows rows, in ChunkTables tables, int column, int width)
    {
        for (var r = 0; r < rows.Count; r++)
        {
            if (width == Vector)
            {
                ReadVector(rows, tables, r, column);
                continue;
            }

            for (var c = column; c < column + width; c++)
            {
                ReadCell(rows, tables, r, c);
            }
        }
    }

    private static void ReadVector(in ChunkRows rows, in ChunkTables tables, int r, int column)
    {
        var place = rows.First + r;
        var q = rows.Queries + r * rows.RowStride;
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < rows.Dim; i++)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(q[i]), Vector256.Load(rows.State + (long)i * rows.Dim + column), sum);
        }

        sum *= tables.Read[place];
        var weights = tables.Weights + place * rows.ChunkTokens;
        for (var m = 0; m <= place; m++)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(weights[m]), Vector256.Load(rows.Values[m] + column), sum);
        }

        sum.Store(rows.Output + r * rows.RowStride + column);
    }

    private static void ReadCell(in ChunkRows rows, in ChunkTables tables, int r, int column)
    {
        var place = rows.First + r;
        var q = rows.Queries + r * rows.RowStride;
        float sum = 0;
        for (var i = 0; i < rows.Dim; i++)
        {
            sum = Lanes.MultiplyAdd(q[i], rows.State[(long)i * rows.Dim + column], sum);
        }

        sum *= tables.Read[place];
        var weights = tables.Weights + place * rows.ChunkTokens;
        for (var m = 0; m <= place; m++)
        {
            sum = Lanes.MultiplyAdd(weights[m], rows.Values[m][column], sum);
        }

        rows.Output[r * rows.RowStride + column] = sum;
    }
}
