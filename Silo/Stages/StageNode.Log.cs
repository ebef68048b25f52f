using Microsoft.Extensions.Logging;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Silo.Stages;

public sealed partial class StageNode
{
    [LoggerMessage(Level = LogLevel.Information, Message = "stages are served at {Address}")]
    private partial void LogListening(LinkAddress address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a link from {Peer} was refused: {Reason}")]
    private partial void LogRefused(string peer, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "loaded {Stage} in {Seconds:0.00} s")]
    private partial void LogLoaded(StageAssignment stage, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "connected {Stage}, epoch {Epoch}, to {Peer}")]
    private partial void LogConnected(StageAssignment stage, long epoch, string peer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "disconnected {Stage}, epoch {Epoch}: {Reason}")]
    private partial void LogLost(StageAssignment stage, long epoch, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "unloaded {Stage}")]
    private partial void LogUnloaded(StageAssignment stage);
}
