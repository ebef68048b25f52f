namespace OrleansLM.Silo.Log;

/// <summary>What keeps the session log.</summary>
public enum SessionLogKind
{
    /// <summary>One file, for one process or several of one machine.</summary>
    Sqlite,

    /// <summary>A PostgreSQL database, for any number of machines.</summary>
    Postgres,
}
