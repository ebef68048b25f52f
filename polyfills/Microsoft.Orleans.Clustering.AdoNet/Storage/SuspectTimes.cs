using System.Globalization;

namespace Orleans.Runtime.Membership;

/// <summary>The votes against a silo as text: <c>ip:port@generation,time</c>, separated by <c>|</c>.</summary>
internal static class SuspectTimes
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.fff 'GMT'";

    public static string Format(IEnumerable<SuspicionVote> votes)
        => string.Join('|', votes.Select(v => $"{v.Voter.ToParsableString()},{v.Time.ToString(TimeFormat, CultureInfo.InvariantCulture)}"));

    public static SuspicionVote[] Parse(string? text)
        => string.IsNullOrEmpty(text) ? [] : [.. text.Split('|').Select(ParseOne).OfType<SuspicionVote>()];

    // A vote that cannot be read is one that nobody has given.
    private static SuspicionVote? ParseOne(string text)
    {
        int comma = text.IndexOf(',');
        return comma > 0
            && SiloAddress.TryParse(text[..comma], out SiloAddress? voter)
            && DateTime.TryParseExact(
                text[(comma + 1)..], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTime time)
                ? new SuspicionVote(voter!, time)
                : null;
    }
}
