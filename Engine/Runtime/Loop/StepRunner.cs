using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Carries out one step: plan to batch, batch through the stages, logits to tokens and outputs. All it needs is kept from step to step, so
/// that a decode step allocates nothing. An error that belongs to one row is noted at its turn; the others go on.
/// </summary>
internal sealed class StepRunner(EngineParts parts, EngineInstruments instruments, EngineCounters counters) : ILogitReader
{
    private readonly StepBatch _batch = new();
    private readonly Sampler _sampler = new(parts.Config.VocabularySize);
    private readonly List<LogitRow> _rows = [];
    private readonly List<int> _counts = [];

    /// <summary>The turns that had rows in the last step.</summary>
    public List<EngineTurn> Turns { get; } = [];

    /// <returns>What the stages threw, or null. Then nothing is known about the state of the turns that took part.</returns>
    public Exception? Run(StepPlan plan, TurnTable turns)
    {
        Fill(plan, turns);
        try
        {
            parts.Chain.Step(_batch, this);
        }
        catch (Exception error)
        {
            return error;
        }

        for (var i = 0; i < Turns.Count; i++)
        {
            ReportProgress(Turns[i], _counts[i]);
        }

        return null;
    }

    public void Read(int first, int rows, ReadOnlySpan<float> logits)
    {
        var now = parts.Time.GetTimestamp();
        var width = parts.Config.VocabularySize;
        for (var i = 0; i < rows; i++)
        {
            var row = _rows[first + i];
            if (row.Turn.Error is null)
            {
                Read(row, logits.Slice(i * width, width), now);
            }
        }
    }

    private void Fill(StepPlan plan, TurnTable turns)
    {
        _batch.Clear();
        _rows.Clear();
        _counts.Clear();
        Turns.Clear();
        var step = ++counters.Steps;
        var now = parts.Time.GetTimestamp();
        foreach (var share in plan.Shares)
        {
            var turn = turns.Running[share.Turn];
            if (turn.Sequence.State.TryReserve(share.Rows, _batch))
            {
                AddRows(turn, share.Rows);
                MarkStep(turn, share.Rows, step, now);
            }
        }

        for (var i = 0; i < Turns.Count; i++)
        {
            Turns[i].Sequence.State.Advance(_counts[i]);
        }

        instruments.StepRows.Record(_batch.RowCount);
        instruments.StepSequences.Record(_batch.SegmentCount);
    }

    private void AddRows(EngineTurn turn, int count)
    {
        // step 5: the sequence's rows, pages and copies join the batch.
        var start = turn.Sequence.State.ComputedLength;
        var first = turn.Sequence.State.AddSegment(_batch, turn.Sequence.Tokens.Span(start, count));
        Turns.Add(turn);
        _counts.Add(count);
        if (turn.Scores)
        {
            for (var position = Math.Max(turn.NextToScore, start + 1); position < Math.Min(turn.PromptEnd, start + count + 1); position++)
            {
                AddLogits(new LogitRow(turn, position, Samples: false), first + position - 1 - start);
            }
        }

        var generates = turn.Generation.Reason == FinishReason.None;
        if (generates && start + count == turn.Target)
        {
            AddLogits(new LogitRow(turn, turn.Target, Samples: true), first + count - 1);
        }
    }

    private void AddLogits(LogitRow row, int batchRow)
    {
        _batch.AddLogitRow(batchRow);
        _rows.Add(row);
    }

    private void MarkStep(EngineTurn turn, int count, long step, long now)
    {
        turn.LastStep = step;
        turn.Started = true;
        if (turn.Clock.MarkRow(now))
        {
            instruments.QueueTime.Record(turn.Clock.QueueTime.TotalSeconds);
        }

        var isDecode = count == 1 && turn.Decodes;
        if (!isDecode)
        {
            turn.PrefilledTokens += count;
            counters.PrefilledTokens += count;
            instruments.PrefilledTokens.Add(count);
            instruments.PrefillChunk.Record(count);
        }
    }

    private void Read(in LogitRow row, ReadOnlySpan<float> logits, long now)
    {
        try
        {
            if (row.Samples)
            {
                Sample(row, logits, now);
            }
            else
            {
                Score(row, logits);
            }
        }
        catch (EngineException error)
        {
            row.Turn.Error = error;
        }
        catch (Exception error)
        {
            row.Turn.Error = new EngineException(EngineError.Internal, $"{row.Turn.Sequence.Id} failed at position {row.Position}: {error.Message}", error);
        }
    }

    private void Sample(in LogitRow row, ReadOnlySpan<float> logits, long now)
    {
        var turn = row.Turn;
        // step 7: uniform(seed, position) and the logits decide.
        var sampled = _sampler.Sample(logits, turn.Generation.Plan, turn.Generation.Counts, row.Position);
        turn.Sequence.Tokens.Append(sampled.Token.TokenId);
        turn.Decodes = true;
        var text = turn.Generation.Accept(sampled.Token.TokenId);
        turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.Token, Position = row.Position, Token = sampled.Token, Top = sampled.Top, Text = text });
        counters.GeneratedTokens++;
        instruments.GeneratedTokens.Add(1);
        if (turn.Clock.MarkToken(now) is { } latency)
        {
            instruments.InterTokenLatency.Record(latency.TotalSeconds);
        }
        else
        {
            instruments.TimeToFirstToken.Record(turn.Clock.TimeToFirstToken.TotalSeconds);
        }
    }

    private void Score(in LogitRow row, ReadOnlySpan<float> logits)
    {
        var turn = row.Turn;
        var token = turn.Sequence.Tokens.Span(row.Position, 1)[0];
        var scored = _sampler.Score(logits, token, turn.Request.PromptLogProbs ?? 0, row.Position);
        turn.NextToScore = row.Position + 1;
        turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.PromptLogProb, Position = row.Position, Token = scored.Token, Top = scored.Top });
    }

    /// <summary>A prefill that takes more than one step says how far it is; a reader that is behind misses some of that.</summary>
    private static void ReportProgress(EngineTurn turn, int count)
    {
        var computed = turn.Sequence.State.ComputedLength;
        var target = turn.PrefillTarget;
        if (turn.Error is null && computed <= target && (computed < target || computed - count > turn.PrefillStart))
        {
            turn.Channel.WriteIfRoom(new TurnOutput { Kind = TurnOutputKind.PrefillProgress, Position = computed - turn.PrefillStart, Total = target - turn.PrefillStart });
        }
    }
}
