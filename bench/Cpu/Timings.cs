using System.Diagnostics;

namespace OrleansLM.Cpu;

/// <summary>Seconds that one call took, over many calls, and the least that it could have taken at that time.</summary>
internal readonly record struct Timings(double Median, double Best, double Limit, int Calls)
{
    private const int FewestCalls = 3;

    /// <summary>A row ends after so many times its seconds even if it had fewer calls.</summary>
    private const int MostPatience = 4;

    /// <summary>Calls until the time is up, after warming up; between the calls the limit is measured.</summary>
    public static Timings Of(Action work, Func<double> limit, double seconds) => InTurns([work], limit, seconds)[0];

    /// <summary>Several kinds of calls in turns, so that a busy minute slows all of them; in order where one needs what the one before left.</summary>
    public static Timings[] InTurns(IReadOnlyList<Action> works, Func<double> limit, double seconds, bool inOrder = false)
    {
        WarmUp(works, seconds);
        var samples = works.Select(_ => new List<double>()).ToArray();
        var limits = new List<double>();
        var started = Stopwatch.GetTimestamp();
        while (IsShort(limits.Count, Stopwatch.GetElapsedTime(started).TotalSeconds, seconds))
        {
            limits.Add(limit());
            for (var i = 0; i < works.Count; i++)
            {
                // Another one first in each round: the limit has emptied the caches.
                var turn = inOrder ? i : (i + limits.Count) % works.Count;
                samples[turn].Add(Time(works[turn]));
            }
        }

        limits.Sort();
        return [.. samples.Select(times => Of(times, limits[limits.Count / 2]))];
    }

    private static bool IsShort(int calls, double elapsed, double seconds) =>
        calls == 0 || elapsed < seconds || (calls < FewestCalls && elapsed < MostPatience * seconds);

    /// <summary>Once, and again where that is quick: the compiler wants many calls of small things.</summary>
    private static void WarmUp(IReadOnlyList<Action> works, double seconds)
    {
        if (Time(works[0]) < seconds / 10)
        {
            foreach (var work in works)
            {
                work();
            }
        }
    }

    private static double Time(Action work)
    {
        var before = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(before).TotalSeconds;
    }

    private static Timings Of(List<double> samples, double limit)
    {
        samples.Sort();
        return new Timings(samples[samples.Count / 2], samples[0], limit, samples.Count);
    }
}
