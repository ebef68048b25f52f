using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Tokens that the chain chooses itself and uses before it has told them.</summary>
internal sealed partial class HashChain
{
    private readonly Sampler _sampler = new(config.VocabularySize);
    private readonly int[] _tokens = new int[maxRows];

    /// <summary>By <see cref="ChoicePlace.Slot"/>: the steps under way, and what was chosen of them by now.</summary>
    private readonly Dictionary<long, StepChoices> _chosenFor = [];

    public bool Follows => follows;

    /// <summary>Steps that were begun before their tokens were known.</summary>
    public int Followers { get; private set; }

    /// <summary>Most steps that were under way together.</summary>
    public int MostUnderWay { get; private set; }

    /// <summary>Off for a while: as when a step has rows that the device does not choose for.</summary>
    public bool MayFollow { get; set; } = true;

    public bool CanFollow => follows && MayFollow;

    /// <summary>What the engine did that it must not; null: nothing.</summary>
    public string? Defect { get; private set; }

    private int Token(StepBatch batch, int row) => batch.Follows ? _tokens[row] : batch.Tokens[row];

    private void TakeChoices(PendingStep step)
    {
        MostUnderWay = Math.Max(MostUnderWay, _underWay.Count);
        if (!follows)
        {
            return;
        }

        Followers += step.Batch.Follows ? 1 : 0;
        for (var row = 0; step.Batch.Follows && row < step.Batch.RowCount; row++)
        {
            var token = step.Batch.Tokens[row];
            _tokens[row] = token >= 0 ? token : ChosenAt(~token, step.Follows);
        }

        var slot = ChoicePlace.Slot(step.Number);
        if (!_chosenFor.TryGetValue(slot, out var choices))
        {
            _chosenFor[slot] = choices = new StepChoices();
        }

        (choices.Of, choices.Number) = (step, step.Number);
        choices.Made.Clear();
    }

    private int ChosenAt(int place, long newest)
    {
        var choices = _chosenFor[place / maxRows];
        if (choices.Number > newest || !_underWay.Contains(choices.Number))
        {
            Defect ??= $"a token is to come from step {choices.Number}, which is not under way, or newer than {newest}, the newest that the step says it follows";
        }

        return Math.Max(0, Choice(choices, place % maxRows).Token.Token.TokenId);
    }

    private void TellChoices(PendingStep step, IStepReader reader)
    {
        var choices = _chosenFor[ChoicePlace.Slot(step.Number)];
        for (var row = 0; row < step.Rows.Count; row++)
        {
            var (token, error) = Choice(choices, row);
            if (error is null)
            {
                reader.Take(step, row, token);
            }
            else
            {
                reader.Refuse(step, row, error);
            }
        }
    }

    /// <summary>Once a row: what was chosen by then is what the follower took and what is told. Not before it is asked for: the counts may lack a token until then.</summary>
    private (SampledToken Token, EngineException? Error) Choice(StepChoices choices, int row)
    {
        if (!choices.Made.TryGetValue(row, out var choice))
        {
            choices.Made[row] = choice = choices.Of.Rows[row].IsWanted ? Choose(choices.Of, row) : default;
        }

        return choice;
    }

    private (SampledToken Token, EngineException? Error) Choose(PendingStep step, int index)
    {
        var logits = _logits.AsSpan(0, config.VocabularySize);
        WriteLogits(step.Batch, _hashes[step.Number % _places], step.Batch.LogitRows[index], logits);
        try
        {
            var row = step.Rows[index];
            return (row.Samples
                ? _sampler.Sample(logits, row.Turn.Generation.Plan, row.Turn.Generation.Counts, row.Position)
                : _sampler.Score(logits, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0, row.Position), null);
        }
        catch (EngineException error)
        {
            return (default, error);
        }
    }

    private sealed class StepChoices
    {
        public PendingStep Of { get; set; } = null!;

        public long Number { get; set; }

        /// <summary>By row.</summary>
        public Dictionary<int, (SampledToken Token, EngineException? Error)> Made { get; } = [];
    }
}
