using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Moving;

/// <summary>A silo that is asked to stop gives its sessions to the others first, so that nobody notices more than a pause.</summary>
internal sealed partial class DrainAtStop(SessionMover mover, IOptions<PlacementOptions> options, TimeProvider time, ILogger<DrainAtStop> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.DrainTimeout == TimeSpan.Zero || mover.Targets().Count == 0)
        {
            return;
        }

        using var limit = new CancellationTokenSource(options.Value.DrainTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var moved = 0;
        try
        {
            await foreach (var report in mover.DrainAsync(either.Token))
            {
                moved += report.Failure is null ? 1 : 0;
            }
        }
        catch (OperationCanceledException)
        {
            LogNotDrained(options.Value.DrainTimeout.TotalSeconds);
        }

        LogDrained(moved);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(65, LogLevel.Information, "{Sessions} sessions moved to other silos before the stop")]
    private partial void LogDrained(int sessions);

    [LoggerMessage(66, LogLevel.Warning, "Not all sessions could be moved within {Seconds} s; the rest goes on from the log")]
    private partial void LogNotDrained(double seconds);
}
