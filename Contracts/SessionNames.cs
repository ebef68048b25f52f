using System.Text.RegularExpressions;

namespace OrleansLM.Contracts;

/// <summary>What a session, turn or checkpoint may be called.</summary>
public static partial class SessionNames
{
    public const int MaxSessionIdLength = 128;

    public const int MaxCheckpointLength = 64;

    public static bool IsSessionId(string value) => value.Length <= MaxSessionIdLength && Name.IsMatch(value);

    public static bool IsCheckpoint(string value) => value.Length <= MaxCheckpointLength && Name.IsMatch(value);

    /// <summary>A new id: time-ordered, so that ids sort by creation.</summary>
    public static string NewId(string prefix, TimeProvider time) => $"{prefix}-{Guid.CreateVersion7(time.GetUtcNow()):N}";

    [GeneratedRegex(@"^[A-Za-z0-9._-]+\z")]
    private static partial Regex Name { get; }
}
