using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Stages;

/// <summary>What this silo offers to pipelines of other silos, and how it links; section <c>Stages</c> of the configuration.</summary>
public sealed class StageSettings
{
    public const string Section = "Stages";

    /// <summary>Serves stages to other silos.</summary>
    public bool Enabled { get; set; }

    /// <summary>Name or address at which other silos reach this one's links, and on which it listens.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>[0, 65535]: where links are accepted; 0 takes a free port.</summary>
    [Range(0, 65535)]
    public int Port { get; set; }

    /// <summary>[1, 1073741824]: memory for stages in MiB; null: what is available when it is asked for.</summary>
    [Range(1, 1 << 30)]
    public long? MemoryMib { get; set; }

    /// <summary>More than 0: how fast the device reads weights, in GB/s; null: measured at start.</summary>
    [Range(0.001, 1_000_000)]
    public double? GigabytesPerSecond { get; set; }

    /// <summary>[100 ms, 1 h]: a neighbour that was not heard of for so long is lost.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan SilenceLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>[1 s, 1 day]: turns wait so long for a stage that was lost; then they fail.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LossTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>[1 s, 1 day]: a stage that no engine uses for so long is unloaded.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdleLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>[100 ms, 1 day]: how often a silo looks whether the plan has other places for the stages of its pipelines.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan ReplanInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>PEM file with this silo's certificate and its private key; with <see cref="AuthorityFile"/>: links are encrypted, and both sides must show theirs.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the certificate that must have signed the others'.</summary>
    public string? AuthorityFile { get; set; }
}
