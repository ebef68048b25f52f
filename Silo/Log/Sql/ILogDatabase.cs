using System.Data.Common;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>What differs between the databases that can keep the log. Statements are the same for all, with parameters $1 to $n.</summary>
internal interface ILogDatabase
{
    /// <summary>File or host and database, for messages.</summary>
    string Place { get; }

    /// <summary>True when other processes write too, so that what was counted once need not be so any more.</summary>
    bool IsShared { get; }

    /// <summary>A new open connection that only the writer uses.</summary>
    DbConnection OpenWriter();

    /// <summary>An open connection for one query, from a pool.</summary>
    DbConnection OpenReader();

    /// <summary>One view of the data for all queries of the connection until it is disposed.</summary>
    DbTransaction BeginSnapshot(DbConnection connection);

    /// <summary>A parameter for place <paramref name="index"/>, counted from 1.</summary>
    DbParameter CreateParameter(int index);

    /// <summary>Begins the writer's transaction; returns what <see cref="WasCommitted"/> finds it again by.</summary>
    object? Begin(DbConnection connection, bool durable);

    /// <summary>Undoes the open transaction, unless the database has done so already.</summary>
    void Rollback(DbConnection connection);

    /// <summary>Whether a transaction whose commit got no answer took place.</summary>
    bool WasCommitted(DbConnection connection, object? transaction);

    /// <summary>True for failures of the connection or of a lock, after which the same writes may work.</summary>
    bool IsOutage(Exception failure);

    OrleansLMException Translate(Exception failure);
}
