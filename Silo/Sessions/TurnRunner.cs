using System.Diagnostics;
using System.Runtime.CompilerServices;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// Carries what the engine produces to the readers and the log, from a durable beginning to one of three ends. <em>Ended</em>: the end is durable before
/// anybody reads it. <em>Failed</em>: log and engine are as before. <em>Interrupted</em> (the silo stops, or memory ran out after tokens had been
/// delivered): the turn stays in the log as unfinished and goes on when it is resumed. Tokens are delivered without waiting for the log, because prompt,
/// parameters and seed, which are there, determine them. While tokens come it runs on the engine's thread and only passes them on; the ends run on the
/// thread pool. It does not depend on its readers.
/// </summary>
internal sealed partial class TurnRunner(TurnBuffer buffer, IEngineTurn engineTurn, TurnTail tail, SessionState state, SessionServices services)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private volatile OrleansLMException? _interruption;

    public TurnBuffer Buffer => buffer;

    /// <summary>What was there before the turn was taken up again; the engine may score some of it first.</summary>
    public TurnReplay? Replay { get; init; }

    /// <summary>Ends when nothing more will happen; never fails.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <param name="ended">Called when the turn no longer runs, before its readers learn of the end.</param>
    public void Start(Action ended) => Completion = Task.Run(() => RunAsync(ended));

    /// <summary>The turn ends as cancelled, with what it has.</summary>
    public void Cancel() => engineTurn.Cancel();

    /// <summary>The turn stops running but does not end.</summary>
    public void Interrupt(OrleansLMException reason)
    {
        _interruption = reason;
        engineTurn.Cancel();
    }

    private async Task RunAsync(Action ended)
    {
        using var activity = SiloMetrics.Activities.StartActivity("turn");
        activity?.SetTag("orleanslm.session", tail.Session.SessionId).SetTag("orleanslm.turn", tail.TurnId);
        Action publish;
        try
        {
            var finished = await PumpAsync();
            await LeaveEngine();
            Replay?.AddRest();
            publish = _interruption is { } reason ? await InterruptAsync(reason) : await EndAsync(finished);
        }
        catch (Exception failure)
        {
            await LeaveEngine();
            Replay?.AddRest();
            publish = await FailAsync(failure);
        }

        ended();
        publish();
    }

    /// <summary>What follows runs on the thread pool.</summary>
    private static ConfiguredTaskAwaitable LeaveEngine() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    private async Task<TurnOutput> PumpAsync()
    {
        var output = engineTurn.Output;
        while (await output.WaitToReadAsync())
        {
            var pending = 0;
            while (output.TryRead(out var item))
            {
                if (item.Kind == TurnOutputKind.Finished)
                {
                    return item;
                }

                pending = Math.Max(pending, Take(item));
            }

            buffer.Publish();
            if (pending > 0)
            {
                services.Log.Schedule(tail, urgent: pending >= services.Options.GroupTokens);
            }
        }

        throw new EngineException(EngineError.Internal, $"the engine left turn '{tail.TurnId}' without an end");
    }

    /// <summary>Returns how many tokens wait for the log.</summary>
    private int Take(in TurnOutput item)
    {
        switch (item.Kind)
        {
            case TurnOutputKind.Token:
                // step 8: to the readers at once, to the log in groups.
                buffer.AddToken(new TurnEntry(item.Position, item.Token, item.Text ?? "", item.Top));
                return tail.Append(item.Token.TokenId);
            case TurnOutputKind.PromptLogProb when Replay is not null:
                Replay.Add(item);
                return 0;
            case TurnOutputKind.PromptLogProb:
                buffer.AddPromptLogProb(new TurnEntry(item.Position, item.Token, buffer.Model.TextOf(item.Token.TokenId), item.Top));
                return 0;
            default:
                buffer.SetProgress(item.Position, item.Total);
                return 0;
        }
    }

    private async Task<Action> EndAsync(TurnOutput finished)
    {
        var end = EndOf(finished);
        var now = services.Now;
        var expiry = state.ExpiryAfter(now);
        try
        {
            await services.Log.EndTurnAsync(tail, end, now, expiry);
        }
        catch (Exception failure)
        {
            state.MarkStale();
            services.Metrics.TurnInterrupted();
            LogNotLogged(services.Logger, failure, tail.Session.SessionId, tail.TurnId);
            return () => buffer.Fail(EngineErrors.Translate(failure));
        }

        state.End(buffer.Turn, end, now, expiry);
        services.Metrics.TurnEnded(end.Reason, end.GeneratedTokens);
        return () => buffer.End(end, finished.Text ?? "");
    }

    private TurnEnd EndOf(TurnOutput finished) => new()
    {
        Reason = finished.FinishReason switch
        {
            FinishReason.Stop => TurnFinishReason.Stop,
            FinishReason.Cancelled => TurnFinishReason.Cancelled,
            _ => TurnFinishReason.Length,
        },
        PromptTokens = buffer.Turn.PromptTokens,
        PrefilledTokens = finished.Usage?.PrefilledTokens ?? 0,
        GeneratedTokens = buffer.TokenCount,
        SessionLength = buffer.Turn.GenerationStart + buffer.TokenCount,
        QueueTime = finished.Usage?.QueueTime ?? TimeSpan.Zero,
        TimeToFirstToken = finished.Usage?.TimeToFirstToken ?? TimeSpan.Zero,
        TotalTime = finished.Usage?.TotalTime ?? Stopwatch.GetElapsedTime(_began),
    };

    private async Task<Action> FailAsync(Exception failure)
    {
        var reason = _interruption ?? EngineErrors.Translate(failure);
        var wasLost = reason.Code == ErrorCode.Unavailable || IsFenced(reason) || (reason.Code == ErrorCode.ResourceExhausted && buffer.TokenCount > 0);
        return wasLost ? await InterruptAsync(reason) : await AbandonAsync(reason);
    }

    private async Task<Action> InterruptAsync(OrleansLMException reason)
    {
        state.MarkStale();
        services.Metrics.TurnInterrupted();
        LogInterrupted(services.Logger, tail.Session.SessionId, tail.TurnId, buffer.TokenCount, reason.Message);
        try
        {
            // What another silo has taken over is not ours to write.
            if (!IsFenced(reason))
            {
                services.Log.Schedule(tail, urgent: true);
                await services.Log.FlushAsync();
            }
        }
        catch (OrleansLMException failure)
        {
            // What is not in the log is sampled again when the turn goes on.
            LogNotLogged(services.Logger, failure, tail.Session.SessionId, tail.TurnId);
        }

        return () => buffer.Fail(new OrleansLMException(reason.Code, $"turn '{tail.TurnId}' was interrupted and goes on when it is resumed: {reason.Message}")
        {
            Reason = reason.Reason ?? "TURN_INTERRUPTED",
            RetryAfter = reason.RetryAfter,
            TurnId = tail.TurnId,
        });
    }

    private static bool IsFenced(OrleansLMException reason) => reason.Reason == "SESSION_MOVED";

    private async Task<Action> AbandonAsync(OrleansLMException reason)
    {
        services.Metrics.TurnFailed();
        LogFailed(services.Logger, reason, tail.Session.SessionId, tail.TurnId, reason.Message);
        try
        {
            await services.Log.AbandonTurnAsync(tail.Session, tail.TurnId, state.LastTurnBut(buffer.Turn));
            state.Abandon(buffer.Turn);
        }
        catch (OrleansLMException failure)
        {
            state.MarkStale();
            LogNotLogged(services.Logger, failure, tail.Session.SessionId, tail.TurnId);
        }

        return () => buffer.Fail(reason);
    }
}
