namespace OrleansLM.Hosting.Cluster;

internal sealed partial class MemberTables
{
    [LoggerMessage(1, LogLevel.Information, "The tables of members were made")]
    private partial void LogMade();

    [LoggerMessage(2, LogLevel.Warning, "The database of members is away: {Reason}")]
    private partial void LogAway(string reason);
}
