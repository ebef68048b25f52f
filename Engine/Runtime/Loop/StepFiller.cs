using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Makes a batch of a plan: rows, page tables, copies, and which logits are wanted.</summary>
internal sealed class StepFiller(EngineParts parts, EngineInstruments instruments, EngineCounters counters)
{
    public void Fill(PendingStep step, StepPlan plan, TurnTable turns)
    {
        step.Clear(++counters.Steps, parts.Time.GetTimestamp());
        foreach (var share in plan.Shares)
        {
            var turn = turns.Running[share.Turn];
            if (turn.Sequence.State.TryReserve(share.Rows, step.Batch))
            {
                AddRows(step, turn, share.Rows);
                MarkStep(step, turn, share.Rows);
            }
        }

        step.Close();
        foreach (var entry in step.Entries)
        {
            entry.Turn.Sequence.State.Advance(entry.Count);
            entry.Turn.Sequence.LastStep = step.Number;
            entry.Turn.UnderWay++;
        }

        instruments.StepRows.Record(step.Batch.RowCount);
        instruments.StepSequences.Record(step.Batch.SegmentCount);
    }

    private void AddRows(PendingStep step, EngineTurn turn, int count)
    {
        // step 5: the sequence's rows, pages and copies join the batch.
        var start = turn.Sequence.State.ComputedLength;
        var isToCome = start == turn.Sequence.Tokens.Count;
        var first = turn.Sequence.State.AddSegment(step.Batch, isToCome ? [StepBatch.ToCome(turn.ChosenAt)] : turn.Sequence.Tokens.Span(start, count));
        step.Follow(isToCome ? turn.ChosenBy : 0);
        step.Entries.Add(new StepEntry(turn, turn.Version, count, start + count));
        if (turn.Scores)
        {
            for (var position = Math.Max(turn.NextToScore, start + 1); position < Math.Min(turn.PromptEnd, start + count + 1); position++)
            {
                AddLogits(step, new LogitRow(turn, turn.Version, position, Samples: false), first + position - 1 - start);
            }
        }

        var generates = turn.Generation.Reason == FinishReason.None;
        if (generates && start + count == turn.Target)
        {
            turn.ChosenBy = step.Number;
            turn.ChosenAt = ChoicePlace.Of(step.Number, step.Rows.Count, parts.Chain.MaxRows);
            AddLogits(step, new LogitRow(turn, turn.Version, turn.Target, Samples: true), first + count - 1);
        }
    }

    private static void AddLogits(PendingStep step, LogitRow row, int batchRow)
    {
        step.Batch.AddLogitRow(batchRow);
        step.Rows.Add(row);
    }

    private void MarkStep(PendingStep step, EngineTurn turn, int count)
    {
        turn.LastStep = step.Number;
        turn.Started = true;
        if (turn.Clock.MarkRow(step.Began))
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
}
