using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Sessions;

/// <summary>Limits and habits of sessions.</summary>
public sealed class SessionOptions
{
    /// <summary>[1, 10000000]: sessions in the log, asleep or not.</summary>
    [Range(1, 10_000_000)]
    public int MaxOpenSessions { get; set; } = 100_000;

    /// <summary>[1, 16777216]: tokens that one turn may append.</summary>
    [Range(1, 1 << 24)]
    public int MaxPromptTokens { get; set; } = 131_072;

    /// <summary>[1, 16777216]: tokens to generate at most, when neither turn nor session says; never more than the context leaves.</summary>
    [Range(1, 1 << 24)]
    public int DefaultMaxTokens { get; set; } = 512;

    /// <summary>[1 s, 3650 d]: how long a session that does not say may lie idle before it is deleted; null: for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan? DefaultTimeToLive { get; set; }

    /// <summary>[100 ms, 1 h]: how often the log is searched for sessions whose time is up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ExpiryInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>[1, 100000]: checkpoints a session may have.</summary>
    [Range(1, 100_000)]
    public int MaxCheckpoints { get; set; } = 1000;

    /// <summary>[1, 16777216]: tokens that one call for the history returns at most.</summary>
    [Range(1, 1 << 24)]
    public int MaxHistoryTokens { get; set; } = 131_072;

    /// <summary>[1, 65536]: so many sampled tokens are written at once, without waiting for the group interval.</summary>
    [Range(1, 65_536)]
    public int GroupTokens { get; set; } = 64;

    /// <summary>[50 ms, 1 min]: how often the membership is looked at for silos that died with turns.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan OrphanInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>[0 s, 10 min]: how long a turn that ends with its caller waits, after its silo died, for that caller's gateway to find it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan OrphanGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether turns that a crash interrupted go on by themselves.</summary>
    public bool AutoResume { get; set; } = true;

    /// <summary>[1, 1024]: turns that are resumed together.</summary>
    [Range(1, 1024)]
    public int AutoResumeConcurrency { get; set; } = 8;
}
