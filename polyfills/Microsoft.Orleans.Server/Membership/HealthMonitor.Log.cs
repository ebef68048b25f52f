using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Membership;

internal sealed partial class HealthMonitor
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} did not answer probe {Missed} of {Limit}: {Reason}")]
    private partial void LogMissed(SiloAddress silo, int missed, int limit, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} gave no answer, which does not count: {Reason}")]
    private partial void LogInconclusive(SiloAddress silo, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} is suspected: {Votes} of {Needed} votes.")]
    private partial void LogSuspected(SiloAddress silo, int votes, int needed);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Silo} is declared dead: {Votes} silos could not reach it.")]
    private partial void LogDeclaredDead(SiloAddress silo, int votes);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Silo} could not be suspected, since the table of silos cannot be written.")]
    private partial void LogVoteFailed(SiloAddress silo, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This process did not run for {Duration}; probes that were missed meanwhile do not count.")]
    private partial void LogStalled(TimeSpan duration);
}
