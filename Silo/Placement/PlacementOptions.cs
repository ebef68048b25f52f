using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Placement;

/// <summary>How sessions are spread over silos; section <c>Placement</c> of the configuration.</summary>
public sealed class PlacementOptions
{
    public const string Section = "Placement";

    /// <summary>A label of where this silo stands (rack, zone, building), shown in the topology.</summary>
    public string Zone { get; set; } = "";

    /// <summary>[50 ms, 1 min]: how often silos ask each other for their load.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan LoadInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>[50 ms, 1 min]: how long an answer may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan LoadTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>[0 s, 10 min]: how long a silo that is asked to stop moves its sessions to others before it interrupts them; 0: not at all.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>[0, 1048576]: a new session goes to a silo that knows so many more tokens of its prompt's beginning than the one it was placed on; 0: prompts are not looked at.</summary>
    [Range(0, 1 << 20)]
    public int AffinityTokens { get; set; } = 256;

    /// <summary>[0, 10000]: by how many turns that silo may be busier.</summary>
    [Range(0, 10_000)]
    public int AffinitySlack { get; set; } = 4;

    /// <summary>[500 ms, 1 h]: how often a silo looks whether another is so much less busy that a session should move there.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
    public TimeSpan RebalanceInterval { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>[1, 10000]: by how many turns another silo must be less busy before a session moves there.</summary>
    [Range(1, 10_000)]
    public int RebalanceThreshold { get; set; } = 4;
}
