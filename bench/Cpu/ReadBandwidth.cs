using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Cpu;

/// <summary>
/// The ceiling of everything that streams weights: all threads sum their part of 1 GiB. Each reads four streams of whole cache lines that are 64 KiB
/// apart: on the machines measured, one ascending stream a thread gets only 60 to 70 % of that.
/// </summary>
internal static unsafe class ReadBandwidth
{
    private const long Bytes = 1L << 30;
    private const int Rounds = 12;
    private const int StreamFloats = 64 * 1024 / sizeof(float);
    private const int ChunkFloats = 4 * StreamFloats;

    /// <returns>Bytes a second, the best round.</returns>
    public static double Measure(int threads)
    {
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        try
        {
            // Written, so that every page is there.
            Parallel.For(0, 64, i => new Span<byte>(memory + i * (Bytes / 64), (int)(Bytes / 64)).Fill(1));
            return Enumerable.Range(0, Rounds).Max(_ => Bytes / Team.Time(threads, thread => Sum((float*)(memory + Part(thread, threads)), (Part(thread + 1, threads) - Part(thread, threads)) / 4)));
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static long Part(int thread, int threads) => Bytes / threads * thread & -4096L;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum(float* values, long count)
    {
        var (a, b, c, d) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (; count >= ChunkFloats; count -= ChunkFloats, values += ChunkFloats)
        {
            for (long i = 0; i < StreamFloats; i += 16)
            {
                a += Vector256.Load(values + i) + Vector256.Load(values + i + 8);
                b += Vector256.Load(values + i + StreamFloats) + Vector256.Load(values + i + StreamFloats + 8);
                c += Vector256.Load(values + i + 2 * StreamFloats) + Vector256.Load(values + i + 2 * StreamFloats + 8);
                d += Vector256.Load(values + i + 3 * StreamFloats) + Vector256.Load(values + i + 3 * StreamFloats + 8);
            }
        }

        return Vector256.Sum(a + b + c + d);
    }
}
