using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Hosting;

/// <summary>
/// What happens to sessions without a caller: once the silo is up, turns that were interrupted go on (or end, if their callers wanted that); and ever after, sessions whose time is up are
/// touched, upon which they delete themselves.
/// </summary>
internal sealed partial class SessionKeeper(
    ISessionLog log, IGrainFactory grains, IOptions<SessionOptions> options, TimeProvider time, ILogger<SessionKeeper> logger) : IHostedLifecycleService, IDisposable
{
    private const int ExpiryBatch = 256;
    private const int ResumeAttempts = 5;
    private readonly SessionOptions _options = options.Value;
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _work = Task.WhenAll(Task.Run(ResumeAsync, CancellationToken.None), Task.Run(ExpireAsync, CancellationToken.None));
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

    private async Task ResumeAsync()
    {
        if (!_options.AutoResume)
        {
            return;
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = _options.AutoResumeConcurrency, CancellationToken = _stopping.Token };
        try
        {
            await Parallel.ForEachAsync(await log.ListUnfinishedTurnsAsync(), parallel, async (turn, stop) => await ResumeAsync(turn, stop));
        }
        catch (OperationCanceledException)
        {
            // The silo stops; what is left goes on at the next start.
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
        using var timer = new PeriodicTimer(_options.ExpiryInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await ExpireOnceAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task ExpireOnceAsync()
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
            await grains.GetGrain<ISessionGrain>(sessionId).GetAsync(_stopping.Token);
        }
        catch (OrleansLMException failure) when (failure.Code == ErrorCode.NotFound)
        {
            LogExpired(sessionId);
        }
    }
}
