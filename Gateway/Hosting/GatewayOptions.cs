using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Gateway.Hosting;

/// <summary>Limits of the front door; section <c>Gateway</c> of the configuration. Checked at start.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>[65536, 1073741824] bytes: largest gRPC message taken in or sent. A 128k-token prompt as text is about 600 kB.</summary>
    [Range(65536, 1 << 30)]
    public int MaxMessageBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>[1, 100000]: streams (Generate, Append, Resume, Score) open at once over the whole gateway; one more gets RESOURCE_EXHAUSTED.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrentStreams { get; set; } = 1024;

    /// <summary>[1, 100000]: HTTP/2 streams on one connection; further calls wait in the client.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerConnection { get; set; } = 256;

    /// <summary>[1, 1048576]: tokens of one input given as ids, and characters / 8 of one given as text, before the model's own limit is looked at.</summary>
    [Range(1, 1 << 20)]
    public int MaxPromptTokens { get; set; } = 131_072;

    /// <summary>[0 s, 10 min]: how long a call waits for another silo to take over from one that was lost, before it gets UNAVAILABLE.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan FailoverTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends exception messages of defects to clients. For development.</summary>
    public bool DetailedErrors { get; set; }
}
