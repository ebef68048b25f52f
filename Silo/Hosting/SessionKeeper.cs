using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Hosting;

/// <summary>
/// What happens to sessions without a caller: turns whose silo died go on (or end, if their callers wanted that), and sessions whose time is up are touched,
/// upon which they delete themselves.
/// </summary>
internal sealed partial class SessionKeeper(
    ISessionLog log,
    IGrainFactory grains,
    IClusterMembershipService membership,
    ILocalSiloDetails silo,
    IOptions<SessionOptions> options,
    TimeProvider time,
    ILogger<SessionKeeper> logger) : SiloWork
{
    private const int ExpiryBatch = 256;
    private const int ResumeAttempts = 5;
    private const int ScansWithoutChange = 10;
    private readonly SessionOptions _options = options.Value;
    private readonly SemaphoreSlim _places = new(options.Value.AutoResumeConcurrency);
    private readonly ConcurrentDictionary<string, bool> _inHand = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _missed = new(StringComparer.Ordinal);

    public override void Dispose()
    {
        base.Dispose();
        _places.Dispose();
    }

    protected override Task RunAsync() => Task.WhenAll(ResumeAsync(), EveryAsync(_options.ExpiryInterval, time, ExpireAsync));

    /// <summary>
    /// Again and again, turns whose silo is no more: each of them is one silo's business, by its name. A silo that dies takes some seconds to be missed, so a
    /// turn that would end with its caller gets some time in which its caller's gateway may find it.
    /// </summary>
    private async Task ResumeAsync()
    {
        if (!_options.AutoResume)
        {
            return;
        }

        using var timer = new PeriodicTimer(_options.OrphanInterval, time);
        var seen = default(MembershipVersion?);
        for (var scan = 0; ; scan++)
        {
            var members = membership.CurrentSnapshot;
            if (seen != members.Version || scan % ScansWithoutChange == 0)
            {
                seen = members.Version;
                await ResumeOrphansAsync(new Orphanage(members, silo.SiloAddress), isFirst: scan == 0);
            }

            // When the silo stops, what is left goes on at the next start, or on another silo.
            await timer.WaitForNextTickAsync(Stopping);
        }
    }

    private async Task ResumeOrphansAsync(Orphanage orphanage, bool isFirst)
    {
        try
        {
            foreach (var turn in await log.ListUnfinishedTurnsAsync())
            {
                var now = time.GetTimestamp();
                var isDue = !turn.CancelOnDisconnect || (isFirst && orphanage.IsAlone) || time.GetElapsedTime(_missed.GetOrAdd(turn.TurnId, now)) >= _options.OrphanGrace;
                if (orphanage.IsMine(turn) && isDue && _inHand.TryAdd(turn.TurnId, true))
                {
                    _ = TakeInHandAsync(turn);
                }
            }
        }
        catch (OrleansLMException failure)
        {
            LogNotListed(failure);
        }
    }

    private async Task TakeInHandAsync(UnfinishedTurn turn)
    {
        try
        {
            await _places.WaitAsync(Stopping);
            try
            {
                await ResumeAsync(turn, Stopping);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
        finally
        {
            _inHand.TryRemove(turn.TurnId, out _);
            _missed.TryRemove(turn.TurnId, out _);
        }
    }

    private async Task ResumeAsync(UnfinishedTurn turn, CancellationToken stop)
    {
        for (var attempt = 1; attempt <= ResumeAttempts; attempt++)
        {
            try
            {
                await GoOnAsync(grains.GetGrain<ISessionGrain>(turn.SessionId), turn, stop);
                return;
            }
            catch (OrleansLMException failure) when (failure.RetryAfter is { } wait && attempt < ResumeAttempts)
            {
                await Task.Delay(wait, time, stop);
            }
            catch (Exception failure) when (failure is OrleansException or EnumerationAbortedException)
            {
                // The silo that took it is lost as well: the next look finds it.
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                LogNotResumed(failure, turn.SessionId, turn.TurnId);
                return;
            }
        }
    }

    /// <summary>Reads the turn to its end, which keeps the number of those that go on together within its limit.</summary>
    private static async Task GoOnAsync(ISessionGrain session, UnfinishedTurn turn, CancellationToken stop)
    {
        if (turn.CancelOnDisconnect)
        {
            await session.CancelAsync(turn.TurnId, stop);
            return;
        }

        await foreach (var _ in session.ResumeAsync(new ResumeStream { TurnId = turn.TurnId, FromOffset = 0 }, stop))
        {
            // Only the end matters.
        }
    }

    private async Task ExpireAsync()
    {
        try
        {
            foreach (var sessionId in await log.ListExpiredAsync(time.GetUtcNow(), ExpiryBatch))
            {
                await TouchAsync(sessionId);
            }
        }
        catch (OrleansLMException failure)
        {
            LogNotExpired(failure);
        }
    }

    private async Task TouchAsync(string sessionId)
    {
        try
        {
            await grains.GetGrain<ISessionGrain>(sessionId).GetAsync(Stopping);
        }
        catch (OrleansLMException failure) when (failure.Code == ErrorCode.NotFound)
        {
            LogExpired(sessionId);
        }
    }
}
