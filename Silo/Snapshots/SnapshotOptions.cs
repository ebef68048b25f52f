using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Snapshots;

/// <summary>Where the state of sleeping sessions lies. Snapshots only save time: what they hold can always be computed again from the session log.</summary>
public sealed class SnapshotOptions
{
    /// <summary>Folder of the snapshots, made when it is missing; silos that share it wake each other's sessions. Null: <c>snapshots</c> beside the session log's file.</summary>
    public string? Folder { get; set; }

    /// <summary>[0, 1 PiB]: bytes that snapshots may take together; the ones used longest ago go first. 0: none are written.</summary>
    [Range(0L, 1L << 50)]
    public long QuotaBytes { get; set; } = 16L << 30;

    /// <summary>[0 s, 3650 d]: a session that lies idle this long is put to sleep: its state leaves the engine for a snapshot. 0: never by itself.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan SleepAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>[0, 1000]: named checkpoints of a session whose state is kept as well, the newest ones, where a rollback would have to compute it again (recurrent models, sliding windows).</summary>
    [Range(0, 1000)]
    public int KeptCheckpoints { get; set; } = 4;

    /// <summary>
    /// [0, 1073741824]: a session in memory that has computed so many tokens more than the store has gets them written while it goes on, so that a silo or stage that is lost costs no
    /// more than them. Shorter sessions are computed again. 0: never. Written are whole pages behind those that are there already, or the one state of a recurrent model.
    /// </summary>
    [Range(0, 1 << 30)]
    public int KeepUpTokens { get; set; } = 8192;

    /// <summary>[0, 1]: share of <see cref="QuotaBytes"/> that may lie in what is written so of the sessions in this silo's memory; a session that reaches it is kept up no further.</summary>
    [Range(0.0, 1.0)]
    public double KeepUpShare { get; set; } = 0.5;
}
