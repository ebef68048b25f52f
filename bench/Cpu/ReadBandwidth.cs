using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Cpu;

/// <summary>The ceiling of everything that streams weights: all threads sum their part of 1 GiB, each in one ascending stream of vectors.</summary>
internal static unsafe class ReadBandwidth
{
    private const long Bytes = 1L << 30;
    private const int Rounds = 12;

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
        for (long i = 0; i <= count - 32; i += 32)
        {
            a += Vector256.Load(values + i);
            b += Vector256.Load(values + i + 8);
            c += Vector256.Load(values + i + 16);
            d += Vector256.Load(values + i + 24);
        }

        return Vector256.Sum(a + b + c + d);
    }
}
