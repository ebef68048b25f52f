using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The arithmetic of <see cref="ChunkedLinearAttention"/>. Lanes lie along value dimensions; tiles of several rows and strips of several vectors only decide what is
/// held in registers together: each element's sum has one order.
/// </summary>
internal static unsafe class ChunkKernels
{
    public const int Vector = Lanes.Count;
    public const int Strip = 4 * Vector;

    public static void Run(in ChunkRows rows, in ChunkTables tables)
    {
        ChunkWeights.Weigh(rows, tables);
        if (rows.CompletesChunk)
        {
            ChunkWeights.KeepKeys(rows, tables);
        }

        var column = 0;
        if (rows.Count == 1 && !rows.CompletesChunk)
        {
            for (; column <= rows.Width - 2 * Strip; column += 2 * Strip)
            {
                ChunkReads.ReadRow64(rows, tables, column);
            }
        }

        for (; column <= rows.Width - Strip; column += Strip)
        {
            ChunkReads.ReadStrip(rows, tables, column);
            ChunkAdvance.Advance(rows, tables, column, Strip);
        }

        for (; column < rows.Width; column += Vector)
        {
            var width = Math.Min(Vector, rows.Width - column);
            ChunkReads.ReadNarrow(rows, tables, column, width);
            ChunkAdvance.Advance(rows, tables, column, width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* o, Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3)
    {
        a0.Store(o);
        a1.Store(o + Vector);
        a2.Store(o + 2 * Vector);
        a3.Store(o + 3 * Vector);
    }
}
