using System.Data.Common;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>Commands with positional parameters, $1 to $n, and columns that may be null.</summary>
internal static class LogCommands
{
    public static void Execute(this DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static DbCommand Prepare(this ILogDatabase database, DbConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return database.Bind(command, values);
    }

    /// <summary>Sets $1, $2, …; parameters are made on first use and kept.</summary>
    public static DbCommand Bind(this ILogDatabase database, DbCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (i == command.Parameters.Count)
            {
                command.Parameters.Add(database.CreateParameter(i + 1));
            }

            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }

    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? LongOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static DateTimeOffset Time(this DbDataReader row, int column) => new(row.GetInt64(column), TimeSpan.Zero);
}
