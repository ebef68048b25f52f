using System.Diagnostics;

namespace OrleansLM.Cpu;

/// <summary>Seconds that one call took, over many calls, and the least that it could have taken at that time.</summary>
internal readonly record struct Timings(double Median, double Best, double Limit)
{
    private const int FewestCalls = 5;

    /// <summary>Calls until the time is up, at least five times, after warming up; between the calls the limit is measured.</summary>
    public static Timings Of(Action work, Func<double> limit, double seconds)
    {
        work();
        work();
        var samples = new List<double>();
        var limits = new List<double>();
        var started = Stopwatch.GetTimestamp();
        while (samples.Count < FewestCalls || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            limits.Add(limit());
            var before = Stopwatch.GetTimestamp();
            work();
            samples.Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
        }

        samples.Sort();
        limits.Sort();
        return new Timings(samples[samples.Count / 2], samples[0], limits[limits.Count / 2]);
    }
}
