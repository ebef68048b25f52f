using System.Diagnostics;

namespace OrleansLM.Links;

/// <summary>Medians of the seconds that two ways of doing the same took.</summary>
internal readonly record struct InTurns(double First, double Second)
{
    private const int FewestRounds = 7;

    public static InTurns Measure(Action first, Action second, double seconds)
    {
        first();
        second();
        var (firsts, seconds2) = (new List<double>(), new List<double>());
        var started = Stopwatch.GetTimestamp();
        while (firsts.Count < FewestRounds || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            firsts.Add(Time(first));
            seconds2.Add(Time(second));
        }

        return new InTurns(Median(firsts), Median(seconds2));
    }

    private static double Time(Action work)
    {
        var before = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(before).TotalSeconds;
    }

    private static double Median(List<double> samples)
    {
        samples.Sort();
        return samples[samples.Count / 2];
    }
}
