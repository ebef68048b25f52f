using System.Diagnostics;
using System.Numerics;

namespace OrleansLM.Silo.Stages;

/// <summary>How fast this machine reads memory: what decode comes down to, so devices are compared by it.</summary>
internal static class ReadSpeed
{
    private const int Megabytes = 64;

    /// <returns>Bytes a second of one pass over memory that no cache holds, on all cores; the best of three.</returns>
    public static double Measure()
    {
        var memory = GC.AllocateUninitializedArray<long>(Megabytes * 1024 * 1024 / sizeof(long));
        Array.Fill(memory, 1);
        return Enumerable.Range(0, 3).Max(_ => Pass(memory));
    }

    private static double Pass(long[] memory)
    {
        var began = Stopwatch.GetTimestamp();
        var cores = Environment.ProcessorCount;
        var part = memory.Length / cores / Vector<long>.Count * Vector<long>.Count;
        Parallel.For(0, cores, core =>
        {
            var sum = Vector<long>.Zero;
            for (var i = core * part; i < (core + 1) * part; i += Vector<long>.Count)
            {
                sum += new Vector<long>(memory, i);
            }

            GC.KeepAlive(Vector.Sum(sum));
        });
        return (double)memory.Length * sizeof(long) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
