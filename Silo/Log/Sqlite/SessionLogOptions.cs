using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>The session log of one machine.</summary>
public sealed class SessionLogOptions
{
    /// <summary>The database file; made when it is missing, with its folder. Beside it lie <c>-wal</c>, <c>-shm</c> and <c>.lock</c>.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Path { get; set; } = "sessions.db";

    /// <summary>[0 s, 5 s]: how long sampled tokens may wait to be written together. What a crash takes away is sampled again, with the same result.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan GroupInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>[0, 1 TiB]: largest size of the database file in bytes; 0 for no limit. A write beyond it gets ResourceExhausted.</summary>
    [Range(0L, 1L << 40)]
    public long MaxBytes { get; set; }
}
