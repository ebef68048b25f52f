using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>
/// What a turn has generated and when it ends. Everything follows from the tokens: a turn that goes on after a failure accepts those it generated before again,
/// and is then in the state in which an uninterrupted one would be.
/// </summary>
internal sealed class Generation
{
    private readonly TurnText _text;
    private readonly StopConditions _stop;
    private readonly HashSet<int> _stopIds;
    private readonly int _most;

    public Generation(EngineParts parts, EngineTurn turn)
    {
        var tokens = turn.Sequence.Tokens;
        var start = turn.Request.GenerationStart ?? tokens.Count;
        var before = tokens.Span(0, start);
        _stop = turn.Request.Stop;
        _stopIds = [.. _stop.StopTokenIds, .. _stop.IgnoreEos ? [] : parts.Config.EosTokenIds];
        _most = (int)Math.Min(_stop.MaxNewTokens, Math.Max(0L, (long)parts.LengthLimit - start));
        _text = new TurnText(parts.Tokenizer, _stop.StopStrings, before);
        Plan = turn.Plan;
        Counts = _most == 0 ? null : Plan.NewCounts(before);
        for (var i = start; i < tokens.Count && Reason == FinishReason.None; i++)
        {
            Accept(tokens.Span(i, 1)[0]);
        }

        EndAtMost();
    }

    public SamplingPlan Plan { get; }

    /// <summary>Null when no penalty is on.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>Tokens generated, those before a failure included.</summary>
    public int Count { get; private set; }

    /// <summary>Why nothing more is generated; None while something is.</summary>
    public FinishReason Reason { get; private set; }

    /// <summary>Whether the token after next is wanted whatever the next one is, unless that one ends the generation.</summary>
    public bool GoesOnAfterNext => Reason == FinishReason.None && Count + 1 < _most;

    /// <summary>Takes the next token into account.</summary>
    /// <returns>Text that became final with it.</returns>
    public string Accept(int token)
    {
        Count++;
        Counts?.AddGenerated(token);
        var text = _text.Push(token);
        if (_text.StopMatched || _stopIds.Contains(token))
        {
            Reason = FinishReason.Stop;
        }

        EndAtMost();
        return text;
    }

    /// <summary>Text that was held back, for the end of the turn.</summary>
    public string TakeHeldText() => _text.Flush();

    private void EndAtMost()
    {
        if (Reason == FinishReason.None && Count >= _most)
        {
            Reason = FinishReason.Length;
        }
    }
}
