using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Clustering;

namespace Orleans.Runtime.Membership;

/// <summary>
/// Probes the silos that follow this one on a ring. One that misses several probes in a row, also when another silo asks it, is suspected in the table; with enough
/// votes it is declared dead.
/// </summary>
internal sealed partial class HealthMonitor(
    ILocalSiloDetails silo,
    SiloMembership membership,
    SiloControls controls,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time,
    ILogger<HealthMonitor> logger)
{
    private readonly ConcurrentDictionary<SiloAddress, int> _missed = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ClusterMembershipOptions _options = options.Value;
    private Task _work = Task.CompletedTask;

    public void Start()
    {
        if (_options.LivenessEnabled)
            _work = Task.Run(MonitorAsync);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _work;
    }

    /// <summary>The silos that this one watches: those that come after it on the ring.</summary>
    public static SiloAddress[] Watched(ClusterMembershipSnapshot snapshot, SiloAddress local, int count)
    {
        SiloAddress[] ring =
        [
            .. snapshot.Members.Values
                .Where(m => m.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping || m.SiloAddress.Equals(local))
                .Select(m => m.SiloAddress)
                .OrderBy(s => s.GetConsistentHashCode())
                .ThenBy(s => s),
        ];
        int start = Array.IndexOf(ring, local);
        return [.. Enumerable.Range(1, Math.Max(0, Math.Min(count, ring.Length - 1))).Select(i => ring[(start + i) % ring.Length])];
    }

    private async Task MonitorAsync()
    {
        using var timer = new PeriodicTimer(_options.ProbeTimeout, time);
        long last = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                TimeSpan passed = time.GetElapsedTime(last);
                last = time.GetTimestamp();
                if (passed > (_options.ProbeTimeout * 2) + TimeSpan.FromSeconds(1))
                    await OnStalledAsync(passed);
                ProbeAll();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    // Others may have given this silo up while it stood still.
    private async Task OnStalledAsync(TimeSpan duration)
    {
        LogStalled(duration);
        _missed.Clear();
        try
        {
            await membership.Refresh(default, _stopping.Token);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogVoteFailed(silo.SiloAddress, exception);
        }
    }

    private void ProbeAll()
    {
        SiloAddress[] watched = Watched(membership.CurrentSnapshot, silo.SiloAddress, _options.NumProbedSilos);
        foreach (SiloAddress other in _missed.Keys.Except(watched))
            _missed.TryRemove(other, out _);
        foreach (SiloAddress other in watched)
            _ = ProbeAsync(other);
    }

    private async Task ProbeAsync(SiloAddress other)
    {
        try
        {
            await ProbeOnceAsync(other, _missed.GetValueOrDefault(other));
            _missed.TryRemove(other, out _);
        }
        catch (Exception) when (_stopping.IsCancellationRequested)
        {
            // Nothing follows from it.
        }
        catch (Exception exception)
        {
            await OnMissedAsync(other, exception.Message);
        }
    }

    // The last probe before a suspicion goes by another silo, so that a bad connection of this one alone is no reason.
    private async Task ProbeOnceAsync(SiloAddress other, int missed)
    {
        if (missed >= _options.NumMissedProbesLimit - 1 && _options.EnableIndirectProbes && Intermediary(other) is { } intermediary)
        {
            Task<bool> indirect = controls.Of(intermediary).PingOther(other, _options.ProbeTimeout);
            if (!await indirect.WaitAsync(_options.ProbeTimeout * 2, time))
                throw new TimeoutException($"{intermediary} gets no answer from it either.");
            return;
        }

        await controls.Of(other).Ping(membership.CurrentSnapshot.Version).WaitAsync(_options.ProbeTimeout, time);
    }

    private SiloAddress? Intermediary(SiloAddress other)
    {
        SiloAddress[] choices =
        [
            .. membership.CurrentSnapshot.Members.Values
                .Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(other) && !m.SiloAddress.Equals(silo.SiloAddress) && !_missed.ContainsKey(m.SiloAddress))
                .Select(m => m.SiloAddress),
        ];
        return choices.Length == 0 ? null : choices[Random.Shared.Next(choices.Length)];
    }

    private async Task OnMissedAsync(SiloAddress other, string reason)
    {
        int missed = _missed.AddOrUpdate(other, 1, static (_, count) => count + 1);
        LogMissed(other, missed, _options.NumMissedProbesLimit, reason);
        if (missed < _options.NumMissedProbesLimit)
            return;

        try
        {
            await SuspectAsync(other);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            LogVoteFailed(other, exception);
        }
    }

    private async Task SuspectAsync(SiloAddress other)
    {
        int votes = 0;
        int needed = 0;
        bool isDead = false;
        await membership.UpdateAsync(
            other,
            entry =>
            {
                if (entry is null || entry.Status == SiloStatus.Dead || membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Dead)
                    return null;

                SuspicionVote[] all = WithMine(entry.Suspicions);
                (votes, needed) = (all.Length, VotesNeeded(other));
                isDead = votes >= needed;
                return !isDead && HasVoted(entry) ? null : entry with { Suspicions = all, Status = isDead ? SiloStatus.Dead : entry.Status };
            },
            _stopping.Token);
        if (isDead)
            LogDeclaredDead(other, votes);
        else if (votes > 0)
            LogSuspected(other, votes, needed);
    }

    private bool HasVoted(SiloTableEntry entry)
        => Array.Exists(entry.Suspicions, v => v.Voter.Equals(silo.SiloAddress) && time.GetUtcNow().UtcDateTime - v.Time < _options.DeathVoteExpirationTimeout / 2);

    private SuspicionVote[] WithMine(SuspicionVote[] votes)
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        return [.. votes.Where(v => now - v.Time < _options.DeathVoteExpirationTimeout && !v.Voter.Equals(silo.SiloAddress)), new SuspicionVote(silo.SiloAddress, now)];
    }

    // In a small cluster there may not be as many silos as the options ask for.
    private int VotesNeeded(SiloAddress suspect)
    {
        int voters = membership.CurrentSnapshot.Members.Values.Count(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(suspect));
        return Math.Max(1, Math.Min(_options.NumVotesForDeathDeclaration, voters));
    }
}
