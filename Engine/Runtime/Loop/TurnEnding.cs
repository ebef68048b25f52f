using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>How turns end. Engine's thread.</summary>
internal sealed class TurnEnding(EngineParts parts, TurnTable turns, StateLedger ledger, RetryHint retry, EngineCounters counters, EngineInstruments instruments)
{
    /// <summary>The turn commits: what it appended and generated stays.</summary>
    public void Finish(EngineTurn turn, FinishReason reason)
    {
        var usage = Usage(turn);
        if (turn.Sequence.State.ComputedLength > turn.Sequence.Tokens.Count)
        {
            // Cancelled while a step is under way for a token that will not be told.
            turn.Sequence.State.Truncate(turn.Sequence.Tokens.Count);
        }

        Leave(turn);
        instruments.Finished(turn.Activity, reason, usage);
        turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.Finished, Text = turn.Generation.TakeHeldText(), FinishReason = reason, Usage = usage });
        turn.Channel.End(null);
    }

    /// <summary>The turn leaves no trace.</summary>
    public void Fail(EngineTurn turn, EngineException error)
    {
        var sequence = turn.Sequence;
        sequence.Tokens.Truncate(turn.BaseLength);
        sequence.Keys.Truncate(turn.BaseLength);
        if (sequence.State.ComputedLength > turn.BaseLength)
        {
            sequence.State.Truncate(turn.BaseLength);
        }

        Leave(turn);
        instruments.Failed(turn.Activity, error);
        turn.Channel.End(error);
    }

    /// <summary>The sequence is free before its reader learns that the turn is over, so that it may submit the next one at once.</summary>
    private void Leave(EngineTurn turn)
    {
        turn.Ended = true;
        turns.Remove(turn);
        ledger.MakeIdle(turn.Sequence);
        turn.Sequence.Turn = null;
        turn.Sequence.PublishComputed();
        counters.TurnClosed();
        counters.PublishLoad(turns.Running.Count, parts.Pool);
        retry.Observe(turn.Clock.SinceSubmission(parts.Time.GetTimestamp()));
        turn.Sequence.Release();
    }

    private TurnUsage Usage(EngineTurn turn) => new()
    {
        PromptTokens = turn.Request.Tokens.Length,
        PrefilledTokens = turn.PrefilledTokens,
        ReusedTokens = turn.ReusedTokens,
        GeneratedTokens = turn.Generation.Count,
        QueueTime = turn.Clock.QueueTime,
        TimeToFirstToken = turn.Clock.TimeToFirstToken,
        TotalTime = turn.Clock.SinceSubmission(parts.Time.GetTimestamp()),
    };
}
