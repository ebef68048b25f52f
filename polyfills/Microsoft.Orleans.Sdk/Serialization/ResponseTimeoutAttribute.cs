using System.Globalization;

namespace Orleans;

/// <summary>How long callers of this method wait for its response; without it, the caller's messaging options decide.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ResponseTimeoutAttribute(string timeout) : Attribute
{
    public TimeSpan? Timeout { get; init; } = TimeSpan.Parse(timeout, CultureInfo.InvariantCulture);
}
