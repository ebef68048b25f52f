using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using OrleansLM.Contracts.Grains;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Snapshots;

/// <summary>Puts sessions of this silo to sleep that have lain idle for long enough.</summary>
internal sealed partial class SessionSleeper(
    ActiveSessions active, IGrainFactory grains, IOptions<SnapshotOptions> options, TimeProvider time, ILogger<SessionSleeper> logger) : BackgroundService
{
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestInterval = TimeSpan.FromSeconds(10);
    private readonly SnapshotOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.SleepAfter == TimeSpan.Zero || _options.QuotaBytes == 0)
        {
            return;
        }

        var quarter = _options.SleepAfter / 4;
        using var timer = new PeriodicTimer(quarter < s_shortestInterval ? s_shortestInterval : quarter > s_longestInterval ? s_longestInterval : quarter, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var sessionId in active.IdleSince(time.GetUtcNow() - _options.SleepAfter))
            {
                await SleepAsync(sessionId, stoppingToken);
            }
        }
    }

    private async Task SleepAsync(string sessionId, CancellationToken stoppingToken)
    {
        try
        {
            await grains.GetGrain<ISessionGrain>(sessionId).SleepAsync(stoppingToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A turn began meanwhile, or the session is gone; or there is no room, and the state stays in memory until it is needed.
            LogAwake(sessionId, failure.Message);
        }
    }

    [LoggerMessage(76, LogLevel.Debug, "Session {SessionId} stays awake: {Reason}")]
    private partial void LogAwake(string sessionId, string reason);
}
