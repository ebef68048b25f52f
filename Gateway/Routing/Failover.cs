using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Gateway.Diagnostics;
using OrleansLM.Gateway.Hosting;

namespace OrleansLM.Gateway.Routing;

/// <summary>
/// Calls to sessions that outlive the silo that serves them. A stream goes on by itself on the silo that takes the session over, with the next token; a
/// call is made again where that is safe. Callers notice a pause, and an error only after <see cref="GatewayOptions.FailoverTimeout"/>.
/// </summary>
public sealed partial class Failover(
    IOptions<GatewayOptions> options, GatewayMetrics metrics, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<Failover> logger)
{
    /// <summary>Runs a turn. A command without an idempotency key gets one, so that its beginning can be repeated as well.</summary>
    public IAsyncEnumerable<TurnEvent> RunTurnAsync(string sessionId, ISessionGrain session, TurnCommand command, CancellationToken cancellationToken)
    {
        var safe = string.IsNullOrEmpty(command.IdempotencyKey) ? command with { IdempotencyKey = $"gateway-{Guid.NewGuid():N}" } : command;
        var cancels = command.OnDisconnect == DisconnectPolicy.Cancel;
        return FollowAsync(sessionId, session, new TurnProgress(null, 0), (id, token) => session.RunTurnAsync(safe with { StreamId = id }, token), cancels, cancellationToken);
    }

    public IAsyncEnumerable<TurnEvent> ResumeAsync(string sessionId, ISessionGrain session, ResumeStream request, CancellationToken cancellationToken) =>
        FollowAsync(sessionId, session, new TurnProgress(request.TurnId, request.FromOffset), (id, token) => session.ResumeAsync(request with { StreamId = id }, token), false, cancellationToken);

    /// <summary>Makes a call again after the loss of a silo.</summary>
    /// <param name="call">What to do.</param>
    /// <param name="settled">For calls that must not take effect twice: the answer when a repeated call fails because the first one did take effect; null for others.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<T> CallAsync<T>(Func<Task<T>> call, Func<OrleansLMException, Task<T>?>? settled, CancellationToken cancellationToken)
    {
        var patience = NewPatience();
        var ambiguous = false;
        while (true)
        {
            Exception loss;
            try
            {
                return await call();
            }
            catch (Exception failure) when (SiloLoss.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                (loss, ambiguous) = (failure, ambiguous || SiloLoss.IsAmbiguous(failure));
            }
            catch (OrleansLMException failure) when (ambiguous && settled?.Invoke(failure) is { } answer)
            {
                return await answer;
            }

            if (!await patience.WaitAsync(cancellationToken))
            {
                throw SiloLoss.GivenUp(loss, options.Value.FailoverTimeout);
            }
        }
    }

    /// <summary>A call that only reads, or that may be made twice.</summary>
    public Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) => CallAsync(call, null, cancellationToken);

    private async IAsyncEnumerable<TurnEvent> FollowAsync(
        string sessionId,
        ISessionGrain session,
        TurnProgress progress,
        Func<string, CancellationToken, IAsyncEnumerable<TurnEvent>> start,
        bool cancels,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var patience = NewPatience();
        var resumed = false;
        try
        {
            while (!progress.IsEnded)
            {
                resumed = progress is { HasStarted: true, TurnId: not null };
                var streamId = Guid.NewGuid().ToString("N");
                var events = resumed
                    ? session.ResumeAsync(new ResumeStream { TurnId = progress.TurnId, FromOffset = progress.NextOffset, StreamId = streamId }, cancellationToken)
                    : start(streamId, cancellationToken);

                // A stream whose end cancels its turn is only given up when nobody has it.
                await using var watch = new StreamWatch(token => session.HasStreamAsync(streamId, cancels ? null : progress.NextOffset, token), time);
                await using var reader = new LossyReader(events, watch, cancellationToken);
                while (await reader.MoveNextAsync())
                {
                    if (progress.Take(reader.Current) is { } item)
                    {
                        Came(sessionId, progress, patience);
                        yield return item;
                    }
                }

                if (reader.Loss is null)
                {
                    yield break;
                }

                await LostAsync(reader.Loss, sessionId, progress, patience, cancellationToken);
            }
        }
        finally
        {
            // The silo that the turn began on ends it when its caller goes away; one that took it over does not know that it should.
            if (cancels && resumed && !progress.IsEnded)
            {
                await session.CancelAsync(progress.TurnId, CancellationToken.None);
            }
        }
    }

    private void Came(string sessionId, TurnProgress progress, Patience patience)
    {
        if (patience.Progress() is { } pause)
        {
            metrics.FailedOver(pause);
            LogTakenOver(sessionId, progress.TurnId!, progress.NextOffset, pause.TotalMilliseconds);
        }
    }

    /// <summary>Waits before the next try, or fails with what the caller is to know.</summary>
    private async Task LostAsync(Exception loss, string sessionId, TurnProgress progress, Patience patience, CancellationToken cancellationToken)
    {
        LogLost(loss, sessionId, progress.TurnId ?? "", progress.NextOffset);
        if (!await patience.WaitAsync(cancellationToken))
        {
            throw Given(loss, progress);
        }
    }

    private Patience NewPatience() => new(options.Value.FailoverTimeout, time, lifetime.ApplicationStopping);

    /// <summary>A turn that is known and goes on later: its caller resumes it then.</summary>
    private OrleansLMException Given(Exception loss, TurnProgress progress)
    {
        var given = loss as OrleansLMException ?? SiloLoss.GivenUp(loss, options.Value.FailoverTimeout);
        return new OrleansLMException(given.Code, given.Message)
        {
            Field = given.Field,
            Reason = given.Reason,
            RetryAfter = given.RetryAfter ?? TimeSpan.FromSeconds(1),
            TurnId = given.TurnId ?? progress.TurnId,
        };
    }

    [LoggerMessage(10, LogLevel.Information, "The stream of session {SessionId}, turn {TurnId}, was lost before offset {Offset}; whoever takes the session over goes on")]
    private partial void LogLost(Exception loss, string sessionId, string turnId, int offset);

    [LoggerMessage(11, LogLevel.Information, "The stream of session {SessionId}, turn {TurnId}, goes on before offset {Offset} after {Pause:F0} ms")]
    private partial void LogTakenOver(string sessionId, string turnId, int offset, double pause);
}
