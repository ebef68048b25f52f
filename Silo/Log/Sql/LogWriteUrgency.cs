namespace OrleansLM.Silo.Log.Sql;

/// <summary>How soon a write has to be committed, and how firmly.</summary>
internal enum LogWriteUrgency
{
    /// <summary>With whatever is committed next, at the latest after the group interval.</summary>
    Lazy,

    /// <summary>Now; may be lost in a power cut.</summary>
    Prompt,

    /// <summary>Now, and on the disk before it counts as done.</summary>
    Durable,
}
