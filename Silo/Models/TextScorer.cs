using System.Runtime.CompilerServices;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Silo.Models;

/// <summary>Log-probabilities of a given text: a turn that generates nothing, on a sequence of its own.</summary>
internal sealed class TextScorer(HostedModel model)
{
    private double _sum;
    private int _count;

    /// <summary>Progress and runs of positions as they come, then the summary. Leaving the stream ends the work.</summary>
    public async IAsyncEnumerable<ScoreEvent> ScoreAsync(int[] ids, int top, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (ids.Length < 2)
        {
            throw OrleansLMException.Invalid("input", $"has {ids.Length} tokens; expected 2 at least, as the first has no log-probability");
        }

        await using var sequence = Translated(() => model.Engine.CreateSequence([]));
        var turn = Translated(() => sequence.Submit(new TurnRequest
        {
            Tokens = ids,
            Stop = new StopConditions { MaxNewTokens = 0 },
            PromptLogProbs = top,
        }));
        try
        {
            while (await MoreAsync(turn, cancellationToken))
            {
                foreach (var item in Collect(turn, top))
                {
                    yield return item;
                }
            }
        }
        finally
        {
            turn.Cancel();
        }

        yield return new ScoreEvent { Summary = new ScoreSummary { Tokens = _count, MeanNegativeLogLikelihood = -_sum / _count } };
    }

    private List<ScoreEvent> Collect(IEngineTurn turn, int top)
    {
        var events = new List<ScoreEvent>();
        var run = new List<TurnOutput>();
        while (turn.Output.TryRead(out var item))
        {
            if (item.Kind == TurnOutputKind.PromptLogProb)
            {
                run.Add(item);
            }
            else if (item.Kind == TurnOutputKind.PrefillProgress)
            {
                events.Add(new ScoreEvent { Computed = item.Position, Total = item.Total });
            }
        }

        if (run.Count > 0)
        {
            events.Add(RunOf(run, top));
        }

        return events;
    }

    private ScoreEvent RunOf(List<TurnOutput> run, int top)
    {
        _count += run.Count;
        _sum += run.Sum(item => (double)item.Token.LogProb);
        return new ScoreEvent
        {
            StartPosition = run[0].Position,
            Tokens = run.ConvertAll(item => model.Scored(item.Token)),
            Top = top == 0 ? null : run.ConvertAll(item => model.Scored(item.Top) ?? []),
        };
    }

    private static async Task<bool> MoreAsync(IEngineTurn turn, CancellationToken cancellationToken)
    {
        try
        {
            return await turn.Output.WaitToReadAsync(cancellationToken);
        }
        catch (EngineException failure)
        {
            throw EngineErrors.Translate(failure);
        }
    }

    private static T Translated<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (EngineException failure)
        {
            throw EngineErrors.Translate(failure);
        }
    }
}
