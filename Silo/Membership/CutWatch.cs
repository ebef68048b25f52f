using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansLM.Hosting.Cluster;

namespace OrleansLM.Silo.Membership;

/// <summary>
/// Ends a cut between two silos that are both alive. The membership leaves both where others can reach them, and then whatever needs both of them (a part of the
/// grain directory, a session that moves) hangs. After <see cref="ClusterSettings.CutLimit"/> without a sign and without a TCP connection the older one declares
/// the younger one dead; it ends itself, and cannot join again before the cut is mended.
/// </summary>
internal sealed partial class CutWatch(
    IClusterMembershipService membership, ILocalSiloDetails silo, PeerSigns signs, ClusterSettings cluster, TimeProvider time, ILogger<CutWatch> logger) : BackgroundService
{
    // Two looks in a row must find a silo out of reach: one may have been this process's own slowness.
    private IReadOnlyCollection<SiloAddress> _suspects = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(cluster.ProbeTimeout, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        SiloAddress[] others = [.. Active().Where(other => !other.Equals(silo.SiloAddress))];
        signs.Keep(others);
        if (!Array.Exists(others, other => signs.SilenceOf(other) > cluster.CutLimit))
        {
            _suspects = [];
            return;
        }

        var reached = await Task.WhenAll(others.Select(other => PortCheck.AnswersAsync(other.Endpoint, cluster.ProbeTimeout, time, stopping)));
        SiloAddress[] unreachable = [.. others.Where((other, i) => !reached[i] && signs.SilenceOf(other) > cluster.CutLimit)];
        var twice = unreachable.Intersect(_suspects).ToList();
        _suspects = unreachable;
        if (CutVerdict.Losers(silo.SiloAddress, Active(), unreachable).Intersect(twice).Any())
        {
            await JudgeAsync(unreachable, twice, stopping);
        }
    }

    /// <summary>By the members as they are now: the other one may have been quicker, or votes may have settled it.</summary>
    private async Task JudgeAsync(SiloAddress[] unreachable, List<SiloAddress> twice, CancellationToken stopping)
    {
        await membership.Refresh(default, stopping);
        foreach (var loser in CutVerdict.Losers(silo.SiloAddress, Active(), unreachable).Intersect(twice))
        {
            await GiveUpAsync(loser);
        }
    }

    private HashSet<SiloAddress> Active() => [.. membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)];

    private async Task GiveUpAsync(SiloAddress loser)
    {
        try
        {
            LogCut(loser, signs.SilenceOf(loser).TotalSeconds);
            await membership.TryKill(loser);
        }
        catch (Exception failure)
        {
            LogNotDeclared(failure, loser);
        }
    }

    [LoggerMessage(30, LogLevel.Warning, "Silo {Silo} was out of reach for {Seconds:F1} s while others reach it; the younger of the two is declared dead")]
    private partial void LogCut(SiloAddress silo, double seconds);

    [LoggerMessage(31, LogLevel.Warning, "Silo {Silo}, which is out of reach, could not be declared dead; tried again")]
    private partial void LogNotDeclared(Exception failure, SiloAddress silo);
}
