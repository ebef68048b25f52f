using System.Globalization;

namespace Orleans.Runtime;

/// <summary>Keys that are integers are written in hexadecimal, GUIDs as 32 digits.</summary>
public static class GrainIdKeyExtensions
{
    public static IdSpan CreateIntegerKey(long key) => IdSpan.Create(key.ToString("X"));

    public static IdSpan CreateGuidKey(Guid key) => IdSpan.Create(key.ToString("N"));

    public static long GetIntegerKey(this GrainId grainId)
        => long.TryParse(grainId.Key.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long key)
            ? key
            : throw new ArgumentException($"The key of grain {grainId} is not an integer.", nameof(grainId));

    public static Guid GetGuidKey(this GrainId grainId)
        => Guid.TryParseExact(grainId.Key.ToString(), "N", out Guid key)
            ? key
            : throw new ArgumentException($"The key of grain {grainId} is not a GUID.", nameof(grainId));
}
