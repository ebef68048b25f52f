using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Clustering;

namespace Orleans.Runtime.Membership;

/// <summary>
/// Probes the silos that follow this one on a ring. One that misses several probes in a row, also when another silo asks it, is suspected in the table; with enough
/// votes it is declared dead (<see cref="SuspicionRules"/>). A silo that was itself declared dead probes nobody.
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
    private readonly ConcurrentDictionary<SiloAddress, bool> _underWay = new();
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
        SiloAddress[] watched = IsDead(silo.SiloAddress) ? [] : Watched(membership.CurrentSnapshot, silo.SiloAddress, _options.NumProbedSilos);
        foreach (SiloAddress other in _missed.Keys.Except(watched))
            _missed.TryRemove(other, out _);
        foreach (SiloAddress other in watched.Where(other => _underWay.TryAdd(other, true)))
            _ = ProbeAsync(other);
    }

    private bool IsDead(SiloAddress other) => membership.CurrentSnapshot.GetSiloStatus(other) == SiloStatus.Dead;

    // One probe after the other, since what the next one is depends on what came of the last. After one that took all its time the next follows at once.
    private async Task ProbeAsync(SiloAddress other)
    {
        long began;
        do
        {
            began = time.GetTimestamp();
            await TryProbeAsync(other);
        }
        while (time.GetElapsedTime(began) >= _options.ProbeTimeout && !_stopping.IsCancellationRequested && !IsDead(other) && !IsDead(silo.SiloAddress));
        _underWay.TryRemove(other, out _);
    }

    private async Task TryProbeAsync(SiloAddress other)
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
        catch (InconclusiveProbeException exception)
        {
            LogInconclusive(other, exception.Message);
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
            if (!await AnswerAsync(controls.Of(intermediary).PingOther(other, _options.ProbeTimeout), _options.ProbeTimeout * 2))
                throw new TimeoutException($"{intermediary} gets no answer from it either.");
            return;
        }

        await AnswerAsync(PingAsync(other), _options.ProbeTimeout);
    }

    private async Task<bool> PingAsync(SiloAddress other)
    {
        await controls.Of(other).Ping(membership.CurrentSnapshot.Version);
        return true;
    }

    // A process that is short of processors sees answers as late as it sees the end of its wait: then it is no judge of others.
    private async Task<bool> AnswerAsync(Task<bool> answer, TimeSpan limit)
    {
        long began = time.GetTimestamp();
        try
        {
            return await answer.WaitAsync(limit, time);
        }
        catch (TimeoutException)
        {
            TimeSpan late = time.GetElapsedTime(began) - limit;
            if (late > _options.ProbeTimeout / 4)
                throw new InconclusiveProbeException($"this process saw the end of its wait {late.TotalSeconds:F1} s late");
            throw;
        }
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
        SiloTableEntry? after = null;
        await membership.UpdateAsync(
            other, _ => after = SuspicionRules.Suspect(membership.CurrentTable, other, silo.SiloAddress, time.GetUtcNow().UtcDateTime, _options), _stopping.Token);
        if (after is { Status: SiloStatus.Dead })
            LogDeclaredDead(other, after.Suspicions.Length);
        else if (after is not null)
            LogSuspected(other, after.Suspicions.Length, SuspicionRules.Needed(membership.CurrentTable, other, _options));
    }
}
