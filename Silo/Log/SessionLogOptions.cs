using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Log;

/// <summary>Where the session log is: a file of one machine, or a PostgreSQL database that many machines share.</summary>
public sealed class SessionLogOptions
{
    public SessionLogKind Kind { get; set; } = SessionLogKind.Sqlite;

    /// <summary>SQLite: the database file; made when it is missing, with its folder. Beside it lie <c>-wal</c>, <c>-shm</c> and, unless shared, <c>.lock</c>.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Path { get; set; } = "sessions.db";

    /// <summary>SQLite: several processes of this machine have the file open. Without it a second one is kept out.</summary>
    public bool Shared { get; set; }

    /// <summary>PostgreSQL: how to reach the database (Npgsql's form). The tables are made in its first schema of <c>search_path</c>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>[0 s, 5 s]: how long sampled tokens may wait to be written together. What a crash takes away is sampled again, with the same result.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan GroupInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>[0, 1 TiB]: SQLite: largest size of the database file in bytes; 0 for no limit. A write beyond it gets ResourceExhausted.</summary>
    [Range(0L, 1L << 40)]
    public long MaxBytes { get; set; }

    /// <summary>[0 s, 1 h]: how long writes wait for a database that is away, restarts or is locked before they fail as Unavailable.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan OutageLimit { get; set; } = TimeSpan.FromSeconds(60);
}
