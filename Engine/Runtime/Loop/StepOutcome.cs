using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// What comes of a step: logits to tokens, tokens to outputs. An error that belongs to one row is noted at its turn; the others go on. Rows of turns that
/// are over, or lost their state since, are passed over: they are computed again when they are needed.
/// </summary>
internal sealed class StepOutcome(EngineParts parts, EngineInstruments instruments, EngineCounters counters) : IStepReader
{
    private readonly Sampler _sampler = new(parts.Config.VocabularySize);

    public void Read(PendingStep step, int first, int rows, ReadOnlySpan<float> logits)
    {
        TellProgress(step);
        var width = parts.Config.VocabularySize;
        for (var i = 0; i < rows; i++)
        {
            var row = step.Rows[first + i];
            if (row.IsWanted)
            {
                Choose(row, logits.Slice(i * width, width));
            }
        }
    }

    public void Take(PendingStep step, int row, in SampledToken token)
    {
        TellProgress(step);
        var wanted = step.Rows[row];
        if (wanted.IsWanted)
        {
            Accept(wanted, token);
        }
    }

    public void Refuse(PendingStep step, int row, EngineException error)
    {
        var wanted = step.Rows[row];
        if (wanted.IsWanted)
        {
            wanted.Turn.Error = error;
        }
    }

    /// <summary>
    /// A prefill that takes more than one step says how far it is, before its last step's token; a reader that is behind misses some of that.
    /// </summary>
    public static void TellProgress(PendingStep step)
    {
        if (step.ToldProgress)
        {
            return;
        }

        step.ToldProgress = true;
        foreach (var entry in step.Entries)
        {
            var turn = entry.Turn;
            var target = turn.PrefillTarget;
            if (entry.IsCurrent && turn.Error is null && entry.End <= target && (entry.End < target || entry.End - entry.Count > turn.PrefillStart))
            {
                turn.Channel.WriteIfRoom(new TurnOutput { Kind = TurnOutputKind.PrefillProgress, Position = entry.End - turn.PrefillStart, Total = target - turn.PrefillStart });
            }
        }
    }

    private void Choose(in LogitRow row, ReadOnlySpan<float> logits)
    {
        try
        {
            // step 7: uniform(seed, position) and the logits decide.
            var token = row.Samples
                ? _sampler.Sample(logits, row.Turn.Generation.Plan, row.Turn.Generation.Counts, row.Position)
                : _sampler.Score(logits, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0, row.Position);
            Accept(row, token);
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

    private void Accept(in LogitRow row, in SampledToken token)
    {
        if (row.Samples)
        {
            Append(row, token);
        }
        else
        {
            row.Turn.NextToScore = row.Position + 1;
            row.Turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.PromptLogProb, Position = row.Position, Token = token.Token, Top = token.Top });
        }
    }

    private void Append(in LogitRow row, in SampledToken sampled)
    {
        var turn = row.Turn;
        turn.Sequence.Tokens.Append(sampled.Token.TokenId);
        turn.Ahead = 0;
        turn.Decodes = true;
        var text = turn.Generation.Accept(sampled.Token.TokenId);
        turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.Token, Position = row.Position, Token = sampled.Token, Top = sampled.Top, Text = text });
        counters.GeneratedTokens++;
        instruments.GeneratedTokens.Add(1);
        if (turn.Clock.MarkToken(parts.Time.GetTimestamp()) is { } latency)
        {
            instruments.InterTokenLatency.Record(latency.TotalSeconds);
        }
        else
        {
            instruments.TimeToFirstToken.Record(turn.Clock.TimeToFirstToken.TotalSeconds);
        }
    }
}
