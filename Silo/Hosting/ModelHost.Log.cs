using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Hosting;

internal sealed partial class ModelHost
{
    [LoggerMessage(30, LogLevel.Information, "Loading the model in {Directory}")]
    private partial void LogLoading(string directory);

    [LoggerMessage(31, LogLevel.Information, "Model {Model}: {Parameters} parameters on {Backend}, {Stages} stages, loaded in {Seconds:F1} s")]
    private partial void LogLoaded(string model, long parameters, string backend, int stages, double seconds);
}
