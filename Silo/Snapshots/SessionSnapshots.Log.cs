using Microsoft.Extensions.Logging;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Silo.Snapshots;

public sealed partial class SessionSnapshots
{
    [LoggerMessage(70, LogLevel.Information, "Snapshot {Name}: the state of {Tokens} tokens was brought in within {Milliseconds:F1} ms")]
    private partial void LogWoken(string name, int tokens, double milliseconds);

    [LoggerMessage(71, LogLevel.Warning, "Snapshot {Name} is refused ({Fault}) and the state computed from the log instead: {Reason}")]
    private partial void LogRefused(string name, StateFault fault, string reason);

    [LoggerMessage(72, LogLevel.Warning, "Snapshot {Name} could not be written; the state is computed from the log when it is needed: {Reason}")]
    private partial void LogNotSaved(Exception failure, string name, string reason);

    [LoggerMessage(73, LogLevel.Warning, "Snapshot {Name} could not be read and the state is computed from the log instead: {Reason}")]
    private partial void LogNotLoaded(Exception failure, string name, string reason);

    [LoggerMessage(74, LogLevel.Warning, "Snapshot {Name} would have {Bytes} bytes, more than the whole quota of {Quota}: none is written")]
    private partial void LogTooLarge(string name, long bytes, long quota);

    [LoggerMessage(75, LogLevel.Warning, "Snapshot {Name} could not be removed")]
    private partial void LogNotDeleted(Exception failure, string name);
}
