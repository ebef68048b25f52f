namespace OrleansLM.Cli.Bench.Serve;

/// <summary>What clients saw, in seconds.</summary>
public sealed class LoadResult
{
    /// <summary>From the call to the first token, one value a session.</summary>
    public List<double> TimeToFirstToken { get; } = [];

    /// <summary>Between two tokens of one stream, all sessions.</summary>
    public List<double> InterTokenLatency { get; } = [];

    public int Tokens { get; set; }

    /// <summary>From the first call to the last token.</summary>
    public double Seconds { get; set; }

    public static double Percentile(List<double> values, double percent)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }

        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
