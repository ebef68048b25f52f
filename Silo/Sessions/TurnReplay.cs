using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// The events of a turn over again, from its ids in the log: the text is computed as the engine computed it, so a stream that goes on from here is the
/// stream that was. Log-probabilities are not in the log and are left out.
/// </summary>
internal sealed class TurnReplay
{
    private readonly TurnText _text;

    /// <param name="turn">The turn.</param>
    /// <param name="model">Its model.</param>
    /// <param name="tokens">Tokens of the session from 0 to the last one that the turn has in the log.</param>
    public TurnReplay(TurnRecord turn, HostedModel model, ReadOnlySpan<int> tokens)
    {
        Buffer = new TurnBuffer(turn, model);
        _text = new TurnText(model.Engine.Tokenizer, turn.Parameters.Stop.StopStrings, tokens[..turn.GenerationStart]);
        for (var position = turn.GenerationStart; position < tokens.Length; position++)
        {
            Buffer.AddToken(new TurnEntry(position, new TokenLogProb(tokens[position], float.NaN), _text.Push(tokens[position]), null));
        }

        Finish = FinishOf(turn.Parameters.Stop, model, tokens[turn.GenerationStart..]);
    }

    public TurnBuffer Buffer { get; }

    /// <summary>Why no token can follow the last one; None when some can.</summary>
    public TurnFinishReason Finish { get; }

    /// <summary>Ends the buffer as the turn ended.</summary>
    public TurnBuffer Ended(TurnEnd end)
    {
        Buffer.End(end, EndText());
        return Buffer;
    }

    /// <summary>Text that was held back at the end.</summary>
    public string EndText() => _text.Flush();

    private TurnFinishReason FinishOf(StopConditions stop, HostedModel model, ReadOnlySpan<int> generated)
    {
        var isStop = _text.StopMatched
            || (!generated.IsEmpty && (stop.StopTokenIds.Contains(generated[^1]) || (!stop.IgnoreEos && model.Engine.Config.EosTokenIds.Contains(generated[^1]))));
        return isStop ? TurnFinishReason.Stop : generated.Length >= stop.MaxNewTokens && stop.MaxNewTokens > 0 ? TurnFinishReason.Length : TurnFinishReason.None;
    }
}
