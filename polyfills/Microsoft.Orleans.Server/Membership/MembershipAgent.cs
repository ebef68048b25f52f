using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Clustering.Network;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Membership;

/// <summary>This silo's part in the membership of a cluster of processes: joins, says that it is alive, reads the table, tells others of changes.</summary>
internal sealed partial class MembershipAgent(
    ILocalSiloDetails silo,
    ISiloTableStore store,
    SiloMembership membership,
    SiloControls controls,
    NetworkPeers peers,
    SiloFence fence,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time,
    ILogger<MembershipAgent> logger) : IDisposable
{
    private static readonly TimeSpan JoinRetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ClusterMembershipOptions _options = options.Value;
    private Task _work = Task.CompletedTask;

    /// <summary>Before this silo enters itself: makes the table ready, and declares earlier runs at the same endpoint dead.</summary>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        await store.InitializeAsync(cancellation);
        await membership.Refresh(default, cancellation);
        foreach (SiloTableEntry earlier in membership.CurrentTable.Entries.Where(e => e.Status != SiloStatus.Dead && e.Silo.IsPredecessorOf(silo.SiloAddress)))
        {
            LogPredecessor(earlier.Silo);
            await membership.TryKill(earlier.Silo);
        }

        if (Array.Find(membership.CurrentTable.Entries, e => silo.SiloAddress.IsPredecessorOf(e.Silo) && e.Status != SiloStatus.Dead) is { } later)
            throw new OrleansConfigurationException($"Silo {later.Silo} is at the endpoint of {silo.SiloAddress} already.");
    }

    /// <summary>While this silo is joining: until it and all active silos can reach each other.</summary>
    public async Task JoinAsync(CancellationToken cancellation)
    {
        membership.ChangedHere += Gossip;
        membership.Disowned += fence.Fence;
        _work = Task.WhenAll(RepeatAsync(_options.IAmAliveTablePublishTimeout, SayAliveAsync), RepeatAsync(_options.TableRefreshTimeout, RefreshAsync));
        Gossip(membership.CurrentSnapshot.Version);
        await ReachAllAsync(cancellation);
        await peers.FetchAllAsync(cancellation);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _work;
    }

    public void Dispose()
    {
        membership.ChangedHere -= Gossip;
        membership.Disowned -= fence.Fence;
    }

    private async Task ReachAllAsync(CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            await membership.Refresh(default, cancellation);
            SiloAddress[] others = [.. membership.CurrentTable.Entries.Where(MustBeReached).Select(e => e.Silo)];
            (SiloAddress Silo, Exception Reason)[] missing = [.. (await Task.WhenAll(others.Select(TryReachAsync))).OfType<(SiloAddress, Exception)>()];
            if (missing.Length == 0)
                return;

            string names = string.Join(", ", missing.Select(m => m.Silo));
            if (Array.Find(missing, m => Refusal(m.Reason) is not null) is { Reason: not null } refused)
                throw new OrleansConfigurationException($"{refused.Silo} does not accept this silo: {Refusal(refused.Reason)!.Message}", refused.Reason);
            if (time.GetElapsedTime(start) > _options.MaxJoinAttemptTime)
                throw new SiloUnavailableException($"This silo could not join within {_options.MaxJoinAttemptTime}: no answer from {names}: {missing[0].Reason.Message}", missing[0].Reason);

            LogJoinWaits(names, missing[0].Reason.Message);
            await Task.Delay(JoinRetryDelay, time, cancellation);
        }
    }

    // One that has given no sign for long is taken for gone, though nobody has declared it dead.
    private bool MustBeReached(SiloTableEntry entry)
        => entry.Status == SiloStatus.Active && !entry.Silo.Equals(silo.SiloAddress)
            && time.GetUtcNow().UtcDateTime - entry.LastSign < _options.IAmAliveTablePublishTimeout * _options.NumMissedTableIAmAliveLimit;

    private async Task<(SiloAddress, Exception)?> TryReachAsync(SiloAddress other)
    {
        try
        {
            await controls.Of(other).Ping(membership.CurrentSnapshot.Version).WaitAsync(_options.ProbeTimeout, time);
            return null;
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            return (other, exception);
        }
    }

    private static ConnectionRefusedException? Refusal(Exception? exception) => exception switch
    {
        null => null,
        ConnectionRefusedException { Code: RefusalCode.Cluster or RefusalCode.Protocol } refused => refused,
        _ => Refusal(exception.InnerException),
    };

    private async Task RepeatAsync(TimeSpan period, Func<CancellationToken, Task> work)
    {
        using var timer = new PeriodicTimer(period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
                await TryAsync(work);
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogTableFailed(exception);
        }
    }

    private Task SayAliveAsync(CancellationToken cancellation) => store.WriteAliveAsync(silo.SiloAddress, time.GetUtcNow().UtcDateTime, cancellation);

    private async Task RefreshAsync(CancellationToken cancellation)
    {
        await membership.Refresh(default, cancellation);
        foreach (SiloTableEntry entry in membership.CurrentTable.Entries.Where(HasNeverJoined))
        {
            LogNeverJoined(entry.Silo, _options.MaxJoinAttemptTime);
            await membership.TryKill(entry.Silo);
        }

        await store.RemoveDeadAsync(time.GetUtcNow().UtcDateTime - _options.DefunctSiloExpiration, cancellation);
    }

    private bool HasNeverJoined(SiloTableEntry entry)
        => _options.EvictWhenMaxJoinAttemptTimeExceeded && !entry.Silo.Equals(silo.SiloAddress) && entry.Status is SiloStatus.Created or SiloStatus.Joining
            && time.GetUtcNow().UtcDateTime - entry.StartTime > _options.MaxJoinAttemptTime;

    private void Gossip(MembershipVersion version)
    {
        if (!_options.UseLivenessGossip)
            return;

        foreach (ClusterMember member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status != SiloStatus.Dead && !member.SiloAddress.Equals(silo.SiloAddress))
                _ = controls.Of(member.SiloAddress).OnMembershipChanged(version);
        }
    }
}
