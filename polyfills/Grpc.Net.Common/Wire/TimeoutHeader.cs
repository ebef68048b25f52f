using System.Globalization;

namespace Grpc.Net.Wire;

/// <summary><c>grpc-timeout</c>: at most 8 digits and a unit (H, M, S, m, u, n).</summary>
internal static class TimeoutHeader
{
    private const int MaxValue = 99_999_999;

    private static readonly (char Unit, long Nanoseconds)[] s_units =
    [
        ('n', 1),
        ('u', 1_000),
        ('m', 1_000_000),
        ('S', 1_000_000_000),
        ('M', 60_000_000_000),
        ('H', 3_600_000_000_000),
    ];

    public static bool TryParse(string? text, out TimeSpan timeout)
    {
        timeout = default;
        if (text is not { Length: >= 2 and <= 9 }
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            return false;
        }

        long nanoseconds = Array.Find(s_units, entry => entry.Unit == text[^1]).Nanoseconds;
        timeout = TimeSpan.FromTicks((long)((Int128)value * nanoseconds / TimeSpan.NanosecondsPerTick));
        return nanoseconds > 0;
    }

    /// <summary>The finest unit that holds the value; rounded up, so that the peer never gives up before us.</summary>
    public static string Format(TimeSpan timeout)
    {
        long ticks = Math.Max(0, timeout.Ticks);
        foreach ((char unit, long nanoseconds) in s_units)
        {
            Int128 value = (((Int128)ticks * TimeSpan.NanosecondsPerTick) + nanoseconds - 1) / nanoseconds;
            if (value <= MaxValue)
            {
                return $"{value}{unit}";
            }
        }

        return $"{MaxValue}H";
    }
}
