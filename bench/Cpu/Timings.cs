using System.Diagnostics;

namespace OrleansLM.Cpu;

/// <summary>Seconds that one call took, over many calls.</summary>
internal readonly record struct Timings(double Median, double Best)
{
    private const int FewestCalls = 5;

    /// <summary>Calls until the time is up, at least five times, after warming up.</summary>
    public static Timings Of(Action work, double seconds)
    {
        work();
        work();
        var samples = new List<double>();
        var started = Stopwatch.GetTimestamp();
        while (samples.Count < FewestCalls || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            var before = Stopwatch.GetTimestamp();
            work();
            samples.Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
        }

        samples.Sort();
        return new Timings(samples[samples.Count / 2], samples[0]);
    }
}
