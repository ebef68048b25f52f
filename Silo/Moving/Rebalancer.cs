using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Moving;

/// <summary>
/// Evens out what placement could not foresee: when another silo, a new one perhaps, is less busy by more than the threshold, one running session moves there
/// at a time. The shortest goes first, because it is the cheapest to move.
/// </summary>
internal sealed partial class Rebalancer(
    SessionMover mover, ActiveSessions active, LocalLoad local, ClusterView view, IOptions<PlacementOptions> options, TimeProvider time, ILogger<Rebalancer> logger)
    : SiloWork
{
    protected override Task RunAsync() => EveryAsync(options.Value.RebalanceInterval, time, BalanceAsync);

    private async Task BalanceAsync()
    {
        if (local.IsDraining || mover.Targets() is not [var target, ..])
        {
            return;
        }

        var own = ClusterView.Score(local.Measure());
        if (Imbalance.Choose(own, view.ScoreOf(target), options.Value.RebalanceThreshold, active.Locations()) is { } session)
        {
            await MoveAsync(session.SessionId, target);
        }
    }

    /// <summary>A session may end or be put to sleep while it is looked at; that must not be the end of balancing.</summary>
    private async Task MoveAsync(string sessionId, SiloAddress target)
    {
        try
        {
            await mover.MoveAsync(sessionId, target, Stopping);
        }
        catch (Exception failure) when (!Stopping.IsCancellationRequested)
        {
            LogNotBalanced(failure, target.ToParsableString(), options.Value.RebalanceInterval);
        }
    }
}
