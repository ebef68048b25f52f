using System.Diagnostics;

namespace OrleansLM.Cpu;

/// <summary>Plain threads for the ceilings: the backend's own team is part of what is measured against them.</summary>
internal static class Team
{
    /// <returns>Seconds from the first thread's start, all being ready, until the last one is done.</returns>
    public static double Time(int threads, Func<int, float> work)
    {
        using var ready = new Barrier(threads);
        var results = new float[threads * 32];
        var starts = new long[threads];
        var ends = new long[threads];
        var team = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            var thread = i;
            team[i] = new Thread(() =>
            {
                ready.SignalAndWait();
                starts[thread] = Stopwatch.GetTimestamp();
                results[thread * 32] = work(thread);
                ends[thread] = Stopwatch.GetTimestamp();
            });
            team[i].Start();
        }

        foreach (var member in team)
        {
            member.Join();
        }

        return Stopwatch.GetElapsedTime(starts.Min(), ends.Max()).TotalSeconds;
    }
}
