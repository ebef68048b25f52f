using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Stages;

internal sealed partial class PipelineHost
{
    [LoggerMessage(Level = LogLevel.Information, Message = "serving {Pipeline}: {Stages}")]
    private partial void LogServing(string pipeline, string stages);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Pipeline} waits: {Reason}")]
    private partial void LogWaiting(string pipeline, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Pipeline} moves a stage, as the plan says")]
    private partial void LogMoving(string pipeline);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Pipeline} cannot be served")]
    private partial void LogFailed(Exception error, string pipeline);
}
