using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Which rows of a step the device chooses for, and how; the others' logits come to the host.</summary>
internal sealed class DeviceChoices(DeviceAnswers answers)
{
    /// <summary>Writes down what each row of the step asks for.</summary>
    public void Begin(PendingStep step)
    {
        answers.Begin(step.Rows.Count, CountBiases(step));
        for (var i = 0; i < step.Rows.Count; i++)
        {
            if (!TryAsk(i, step.Rows[i], step.Number))
            {
                answers.LeaveOut(i);
            }
        }
    }

    /// <summary>Hands out what the device chose for a row.</summary>
    public void Tell(PendingStep step, int row, IStepReader reader)
    {
        var token = answers.Token(row, out var error);
        if (error is null)
        {
            reader.Take(step, row, token);
        }
        else
        {
            reader.Refuse(step, row, error);
        }
    }

    private static int CountBiases(PendingStep step)
    {
        var count = 0;
        foreach (var row in step.Rows)
        {
            count += row.Samples ? row.Turn.Generation.Plan.BiasIds.Length : 0;
        }

        return count;
    }

    private bool TryAsk(int index, in LogitRow row, long step)
    {
        var exchange = answers.Exchange;
        if (answers.Sampler is not { } sampler)
        {
            return false;
        }

        if (!row.Samples)
        {
            exchange.Score(index, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0, row.Position);
            return true;
        }

        var slot = -1;
        if (row.Turn.Generation.Counts is { } counts)
        {
            // The host's counts lack a token that is still being chosen.
            slot = sampler.Slots.Take(row.Turn.Arrival, row.Position, step, mayFill: row.Turn.Ahead == 0, out var isStale);
            if (slot < 0)
            {
                return false;
            }

            if (isStale)
            {
                sampler.Fill(slot, counts);
            }
        }

        exchange.Choose(index, row.Turn.Generation.Plan, row.Position, slot);
        return true;
    }
}
