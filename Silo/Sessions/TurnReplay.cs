using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// The events of a turn over again, from its ids in the log: the text is computed as the engine computed it, so a stream that goes on from here is the
/// stream that was. Log-probabilities are not in the log. Where the turn asked for some, its tokens come with them one by one as the engine scores them
/// again, which by promise 2 gives the same values; else all tokens are there at once.
/// </summary>
internal sealed class TurnReplay
{
    private readonly TurnText _text;
    private readonly int[] _ids;
    private readonly string[] _texts;
    private readonly HostedModel _model;
    private int _next;

    /// <param name="turn">The turn.</param>
    /// <param name="model">Its model.</param>
    /// <param name="tokens">Tokens of the session from 0 to the last one that the turn has in the log.</param>
    public TurnReplay(TurnRecord turn, HostedModel model, ReadOnlySpan<int> tokens)
    {
        _model = model;
        _ids = tokens.ToArray();
        _next = turn.GenerationStart;
        Turn = turn;
        Buffer = new TurnBuffer(turn, model);
        _text = new TurnText(model.Engine.Tokenizer, turn.Parameters.Stop.StopStrings, tokens[..turn.GenerationStart]);
        _texts = new string[tokens.Length - turn.GenerationStart];
        for (var i = 0; i < _texts.Length; i++)
        {
            _texts[i] = _text.Push(_ids[turn.GenerationStart + i]);
        }

        Finish = FinishOf(turn.Parameters.Stop, model, tokens[turn.GenerationStart..]);
        if (Alternatives is null)
        {
            AddRest();
        }
    }

    public TurnRecord Turn { get; }

    public TurnBuffer Buffer { get; }

    /// <summary>Why no token can follow the last one; None when some can.</summary>
    public TurnFinishReason Finish { get; }

    /// <summary>How many alternatives the engine has to report for the tokens from <see cref="ScoreStart"/> on; null when it need not score them.</summary>
    public int? Alternatives => IsSameModel && (Prompt is not null || (Sampled is not null && _texts.Length > 0)) ? Math.Max(Prompt ?? 0, Sampled ?? 0) : null;

    /// <summary>Position of the first token to score.</summary>
    public int ScoreStart => Prompt is null ? Turn.GenerationStart : Turn.StartPosition;

    private int? Prompt => Turn.Parameters.PromptLogProbs;

    private int? Sampled => Turn.Parameters.Sampling.LogProbs;

    /// <summary>Other weights, or another kind of device, would give other values.</summary>
    private bool IsSameModel =>
        Turn.Fingerprint == _model.Engine.Description.Fingerprint && Turn.BackendKind == _model.Engine.Description.BackendKind;

    /// <summary>Tokens [0, <see cref="ScoreStart"/>).</summary>
    public ReadOnlySpan<int> Before => _ids.AsSpan(0, ScoreStart);

    /// <summary>Tokens from <see cref="ScoreStart"/> to the last one in the log.</summary>
    public ReadOnlyMemory<int> Scored => _ids.AsMemory(ScoreStart);

    /// <summary>Takes the score of the next token.</summary>
    public void Add(in TurnOutput score)
    {
        if (score.Position < Turn.GenerationStart)
        {
            Buffer.AddPromptLogProb(new TurnEntry(score.Position, score.Token, _model.TextOf(score.Token.TokenId), Best(score.Top, Prompt)));
        }
        else
        {
            AddUnscored(score.Position);
            AddToken(Sampled is null ? NotScored(_next) : score.Token, Best(score.Top, Sampled));
        }
    }

    /// <summary>Adds the tokens that were not scored, because they need not be or the scoring ended early.</summary>
    public void AddRest() => AddUnscored(_ids.Length);

    /// <summary>Ends the buffer as the turn ended.</summary>
    public void End(TurnEnd end)
    {
        AddRest();
        Buffer.End(end, _text.Flush());
    }

    private static IReadOnlyList<TokenLogProb>? Best(IReadOnlyList<TokenLogProb>? top, int? count) =>
        count is null or 0 || top is null ? null : top.Count <= count ? top : [.. top.Take(count.Value)];

    private TokenLogProb NotScored(int position) => new(_ids[position], float.NaN);

    private void AddUnscored(int end)
    {
        while (_next < end)
        {
            AddToken(NotScored(_next), null);
        }
    }

    private void AddToken(TokenLogProb token, IReadOnlyList<TokenLogProb>? top)
    {
        Buffer.AddToken(new TurnEntry(_next, token, _texts[_next - Turn.GenerationStart], top));
        _next++;
    }

    private TurnFinishReason FinishOf(StopConditions stop, HostedModel model, ReadOnlySpan<int> generated)
    {
        var isStop = _text.StopMatched
            || (!generated.IsEmpty && (stop.StopTokenIds.Contains(generated[^1]) || (!stop.IgnoreEos && model.Engine.Config.EosTokenIds.Contains(generated[^1]))));
        return isStop ? TurnFinishReason.Stop : generated.Length >= stop.MaxNewTokens && stop.MaxNewTokens > 0 ? TurnFinishReason.Length : TurnFinishReason.None;
    }
}
