using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Cpu;

/// <summary>
/// The ceiling of everything that streams weights: all threads sum their part of a quarter of 1 GiB, another quarter each time. Each reads four streams of
/// whole cache lines that are 64 KiB apart: on the machines measured, one ascending stream a thread gets only 60 to 70 % of that.
/// </summary>
internal sealed unsafe class ReadBandwidth : IDisposable
{
    private const long Bytes = 1L << 30;
    private const int Quarters = 4;
    private const int StreamFloats = 64 * 1024 / sizeof(float);
    private const int ChunkFloats = 4 * StreamFloats;
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
    private readonly int _threads;
    private int _quarter;

    public ReadBandwidth(int threads)
    {
        _threads = threads;
        // Written, so that every page is there.
        Parallel.For(0, 64, i => new Span<byte>(_memory + i * (Bytes / 64), (int)(Bytes / 64)).Fill(1));
    }

    /// <returns>Bytes a second.</returns>
    public double Sample()
    {
        _quarter = (_quarter + 1) % Quarters;
        var start = (float*)(_memory + _quarter * (Bytes / Quarters));
        const int Chunks = (int)(Bytes / Quarters / sizeof(float) / ChunkFloats);
        return Bytes / Quarters / Team.Time(_threads, thread =>
        {
            var first = Chunks * thread / _threads;
            return Sum(start + (long)first * ChunkFloats, Chunks * (thread + 1) / _threads - first);
        });
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum(float* values, int chunks)
    {
        var (a, b, c, d) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (; chunks > 0; chunks--, values += ChunkFloats)
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
