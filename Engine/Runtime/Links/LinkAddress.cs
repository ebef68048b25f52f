using System.Globalization;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>Where a stage's links are accepted.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">[0, 65535].</param>
public sealed record LinkAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>, an IPv6 address in brackets.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static LinkAddress Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        return host.Length > 0 && ushort.TryParse(text[(colon + 1)..], CultureInfo.InvariantCulture, out var port)
            ? new LinkAddress(host, port)
            : throw new FormatException($"'{text}' is no address; expected host:port");
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
