using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;

namespace OrleansLM.Silo.Models;

/// <summary>A model that this silo serves.</summary>
/// <param name="Name">What callers name it by.</param>
/// <param name="Engine">Its replica on this silo.</param>
/// <param name="ChatTemplate">For messages that name none; null: messages must name one.</param>
public sealed record HostedModel(string Name, IInferenceEngine Engine, ChatTemplate? ChatTemplate = null)
{
    /// <summary>Longest sequence in tokens; null: no limit.</summary>
    public int? ContextTokens => Engine.Config.Family == ModelFamily.Supra ? null : Engine.Config.ContextLength;

    /// <summary>Length the model was trained for, where sequences may be longer; null: the context is the limit.</summary>
    public int? TrainedTokens => ContextTokens is null ? Engine.Config.ContextLength : null;

    /// <summary>Earlier states are not at hand in what a sequence has computed: a recurrent state, or keys and values behind a sliding window.</summary>
    public bool LosesEarlierState => Engine.Config.Family == ModelFamily.Supra || Engine.Config.SlidingWindow is not null;

    public int VocabularySize => Engine.Config.VocabularySize;

    /// <summary>The text of a token by itself; U+FFFD for a part of a character.</summary>
    public string TextOf(int id)
    {
        var token = Engine.Tokenizer.TextOf(id);
        return token.Kind == TokenTextKind.Byte && token.Text.Length == 0 ? "\uFFFD" : token.Text;
    }

    public ScoredToken Scored(TokenLogProb token) => new() { TokenId = token.TokenId, LogProb = token.LogProb, Text = TextOf(token.TokenId) };

    public IReadOnlyList<ScoredToken>? Scored(IReadOnlyList<TokenLogProb>? tokens)
    {
        if (tokens is null)
        {
            return null;
        }

        var scored = new ScoredToken[tokens.Count];
        for (var i = 0; i < scored.Length; i++)
        {
            scored[i] = Scored(tokens[i]);
        }

        return scored;
    }
}
