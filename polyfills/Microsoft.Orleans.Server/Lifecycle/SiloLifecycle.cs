using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloLifecycle(ILogger<SiloLifecycle> logger) : StagedLifecycle, ISiloLifecycle
{
    public int HighestCompletedStage { get; private set; } = int.MinValue;

    public int LowestStoppedStage { get; private set; } = int.MaxValue;

    protected override void OnStageStarted(int stage) => HighestCompletedStage = stage;

    protected override void OnStageStopped(int stage) => LowestStoppedStage = stage;

    protected override void OnStopFailed(string observerName, int stage, Exception exception) => LogStopFailed(observerName, stage, exception);
}
