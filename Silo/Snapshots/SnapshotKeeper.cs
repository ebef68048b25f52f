using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Snapshots;

/// <summary>
/// Writes what long sessions compute, while they go on, so that the loss of this silo or of a stage costs the tail of their state and not all of it. One at a time, so that it
/// takes no more than one disk stream.
/// </summary>
internal sealed partial class SnapshotKeeper(ActiveSessions active, SessionSnapshots snapshots, TimeProvider time, ILogger<SnapshotKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!snapshots.KeepsUp)
        {
            return;
        }

        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var session in active.Grown(snapshots.Options.KeepUpTokens))
            {
                await KeepUpAsync(session);
            }
        }
    }

    private async Task KeepUpAsync(Session session)
    {
        try
        {
            await session.KeepUpAsync();
        }
        catch (Exception failure)
        {
            // The session has gone meanwhile; what could not be written for another reason is said by those who know.
            LogNotKept(session.State.Handle.SessionId, failure.Message);
        }
    }

    [LoggerMessage(77, LogLevel.Debug, "What session {SessionId} has computed was not written: {Reason}")]
    private partial void LogNotKept(string sessionId, string reason);
}
