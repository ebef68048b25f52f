using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Moving;

/// <summary>
/// Moves sessions of this silo to others: first a copy of the computed state, while the session goes on, then the session. A turn that runs is interrupted here with what it has and goes on there by itself; who streams it notices a pause.
/// </summary>
public sealed partial class SessionMover(
    IGrainFactory grains,
    IClusterMembershipService membership,
    ILocalSiloDetails silo,
    ActiveSessions active,
    LocalLoad local,
    ClusterView view,
    SiloMetrics metrics,
    TimeProvider time,
    ILogger<SessionMover> logger)
{
    private const int Parallel = 8;
    private const int Attempts = 500;
    private static readonly TimeSpan s_retryPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Silos that could take a session: active ones that do not drain, the least busy first. None when this one was declared dead: the others take its sessions from the log.</summary>
    public IReadOnlyList<SiloAddress> Targets() => membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Dead ? [] :
        [.. view.Open([.. membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(silo.SiloAddress))
            .Select(member => member.SiloAddress)]).OrderBy(view.ScoreOf)];

    /// <summary>Moves one session of this silo to the target, or to the least busy silo.</summary>
    /// <exception cref="OrleansLMException">NotFound: the session is not in memory here.</exception>
    public Task<MoveReport> MoveAsync(string sessionId, SiloAddress? target, CancellationToken cancellationToken)
    {
        var session = active.Locations().FirstOrDefault(location => location.SessionId == sessionId) ?? throw new OrleansLMException(
            ErrorCode.NotFound, $"session '{sessionId}' is not in the memory of silo {silo.SiloAddress.ToParsableString()}") { Field = "session_id", Reason = "SESSION_NOT_HERE" };
        return MoveAsync(session, target, cancellationToken);
    }

    /// <summary>Takes no more sessions and moves all there are, several at a time.</summary>
    public async IAsyncEnumerable<MoveReport> DrainAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        local.IsDraining = true;
        view.Update(silo.SiloAddress, local.Measure());
        var failed = new HashSet<string>(StringComparer.Ordinal);
        while (active.Locations().Where(session => !failed.Contains(session.SessionId)).Take(Parallel).ToList() is { Count: > 0 } group)
        {
            foreach (var report in await Task.WhenAll(group.Select(session => MoveAsync(session, null, cancellationToken))))
            {
                if (report.Failure is not null)
                {
                    failed.Add(report.SessionId);
                }

                yield return report;
            }
        }
    }

    private async Task<MoveReport> MoveAsync(SessionLocation session, SiloAddress? target, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        if ((target ?? (Targets() is [var best, ..] ? best : null)) is not { } to)
        {
            return Report(session, "", null, "no other silo takes sessions", began);
        }

        try
        {
            view.Placed(to);
            var report = await MoveToAsync(session, to, began, cancellationToken);
            metrics.SessionMoved(report);
            LogMoved(report.SessionId, report.From, report.To, report.Length, report.Pause.TotalMilliseconds);
            return report;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            metrics.SessionNotMoved();
            LogNotMoved(failure, session.SessionId, to.ToParsableString());
            return Report(session, "", null, failure.Message, began);
        }
    }

    private async Task<MoveReport> MoveToAsync(SessionLocation session, SiloAddress to, long began, CancellationToken cancellationToken)
    {
        var carried = session.ComputedLength > 0 ? await CarryAsync(session, to, cancellationToken) : 0;
        var stopped = time.GetTimestamp();
        var grain = grains.GetGrain<ISessionGrain>(session.SessionId);
        var left = await grain.LeaveAsync(to.ToParsableString(), cancellationToken);
        var arrived = await ArriveAsync(grain, left.TurnId, cancellationToken);
        var pause = left.TurnId is null ? TimeSpan.Zero : time.GetElapsedTime(stopped);
        return Report(session with { Length = left.Length }, arrived.Silo, left.TurnId, null, began) with { Pause = pause, Carried = carried };
    }

    /// <summary>The state goes ahead, while the session still runs here.</summary>
    private async Task<int> CarryAsync(SessionLocation session, SiloAddress to, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<ISiloGrain>(to.ToParsableString()).FetchAsync(session.SessionId, session.Model, silo.SiloAddress.ToParsableString(), cancellationToken);
        }
        catch (Exception failure) when (failure is OrleansLMException or OrleansException or TimeoutException)
        {
            LogNotCarried(failure, session.SessionId, to.ToParsableString());
            return 0;
        }
    }

    /// <summary>Until the old activation is gone, calls may still come to it, or to nobody.</summary>
    private async Task<ReviveReport> ArriveAsync(ISessionGrain grain, string? turnId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await grain.ReviveAsync(turnId, cancellationToken);
            }
            catch (Exception failure) when (attempt < Attempts && failure is OrleansException or OrleansLMException { Code: ErrorCode.Unavailable or ErrorCode.Aborted })
            {
                await Task.Delay(s_retryPause, time, cancellationToken);
            }
        }
    }

    private MoveReport Report(SessionLocation session, string to, string? turnId, string? failure, long began) => new()
    {
        SessionId = session.SessionId,
        From = silo.SiloAddress.ToParsableString(),
        To = to,
        Length = session.Length,
        TurnId = turnId,
        Pause = TimeSpan.Zero,
        Duration = time.GetElapsedTime(began),
        Failure = failure,
    };

    [LoggerMessage(60, LogLevel.Information, "Session {SessionId} moved from {From} to {To} with {Length} tokens; its turn paused for {Pause:F0} ms")]
    private partial void LogMoved(string sessionId, string from, string to, int length, double pause);

    [LoggerMessage(63, LogLevel.Warning, "The state of session {SessionId} could not be carried to {To}; it is computed from the log there")]
    private partial void LogNotCarried(Exception failure, string sessionId, string to);

    [LoggerMessage(61, LogLevel.Warning, "Session {SessionId} could not be moved to {To}; it goes on from the log where it is called next")]
    private partial void LogNotMoved(Exception failure, string sessionId, string to);
}
