using System.Diagnostics;

namespace OrleansLM.Cpu;

/// <summary>Plain threads for the ceilings: the backend's own team is part of what is measured against them.</summary>
internal static class Team
{
    /// <returns>Seconds from the moment when all threads are ready until the last one is done.</returns>
    public static double Time(int threads, Func<int, float> work)
    {
        using var ready = new Barrier(threads + 1);
        var results = new float[threads * 32];
        var team = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            var thread = i;
            team[i] = new Thread(() =>
            {
                ready.SignalAndWait();
                results[thread * 32] = work(thread);
            });
            team[i].Start();
        }

        ready.SignalAndWait();
        var started = Stopwatch.GetTimestamp();
        foreach (var member in team)
        {
            member.Join();
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
