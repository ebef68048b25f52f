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
    private readonly List<(SampledToken Token, EngineException? Error)> _choices = [];
    private PendingStep? _newest;
    private long _chosenOf;

    public bool Follows => follows;

    /// <summary>Steps that were begun behind one that was under way.</summary>
    public int Followers { get; private set; }

    /// <summary>Off for a while: as when a step has rows that the device does not choose for.</summary>
    public bool MayFollow { get; set; } = true;

    public bool CanFollow(PendingStep step) => follows && MayFollow && step == _newest;

    private int Token(StepBatch batch, int row) => batch.Follows ? _tokens[row] : batch.Tokens[row];

    private void TakeChoices(PendingStep step)
    {
        Followers += _underWay.Count > 1 ? 1 : 0;
        if (step.Batch.Follows)
        {
            Choose(_newest!);
            for (var row = 0; row < step.Batch.RowCount; row++)
            {
                var token = step.Batch.Tokens[row];
                _tokens[row] = token >= 0 ? token : Math.Max(0, _choices[~token].Token.Token.TokenId);
            }
        }

        _newest = step;
    }

    private void TellChoices(PendingStep step, IStepReader reader)
    {
        Choose(step);
        for (var row = 0; row < step.Rows.Count; row++)
        {
            if (_choices[row].Error is { } error)
            {
                reader.Refuse(step, row, error);
            }
            else
            {
                reader.Take(step, row, _choices[row].Token);
            }
        }
    }

    /// <summary>Once a step: what was chosen by then is what its followers took and what is told.</summary>
    private void Choose(PendingStep step)
    {
        if (_chosenOf == step.Number)
        {
            return;
        }

        _chosenOf = step.Number;
        _choices.Clear();
        var logits = _logits.AsSpan(0, config.VocabularySize);
        for (var i = 0; i < step.Rows.Count; i++)
        {
            WriteLogits(step.Batch, _hashes[step.Number % _places], step.Batch.LogitRows[i], logits);
            try
            {
                var row = step.Rows[i];
                _choices.Add((row.Samples
                    ? _sampler.Sample(logits, row.Turn.Generation.Plan, row.Turn.Generation.Counts, row.Position)
                    : _sampler.Score(logits, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0, row.Position), null));
            }
            catch (EngineException error)
            {
                _choices.Add((default, error));
            }
        }
    }
}
