using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Moving;

/// <summary>
/// Evens out what placement could not foresee: when another silo, a new one perhaps, is less busy by more than the threshold, one running session moves there
/// at a time. The shortest goes first, because it is the cheapest to move.
/// </summary>
internal sealed partial class Rebalancer(
    SessionMover mover, ActiveSessions active, LocalLoad local, ClusterView view, IOptions<PlacementOptions> options, TimeProvider time, ILogger<Rebalancer> logger)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _work = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _work.WaitAsync(cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(options.Value.RebalanceInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await BalanceAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task BalanceAsync()
    {
        if (local.IsDraining || mover.Targets() is not [var target, ..])
        {
            return;
        }

        var excess = ClusterView.Score(local.Measure()) - view.ScoreOf(target);
        var shortest = active.Locations().Where(session => session.IsRunning).MinBy(session => session.Length);
        if (excess > options.Value.RebalanceThreshold && shortest is not null)
        {
            await MoveAsync(shortest.SessionId, target);
        }
    }

    /// <summary>A session may end or be put to sleep while it is looked at; that must not be the end of balancing.</summary>
    private async Task MoveAsync(string sessionId, SiloAddress target)
    {
        try
        {
            await mover.MoveAsync(sessionId, target, _stopping.Token);
        }
        catch (Exception failure) when (!_stopping.IsCancellationRequested)
        {
            LogNotBalanced(failure, target.ToParsableString(), options.Value.RebalanceInterval);
        }
    }
}
