using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Text;

/// <summary>
/// Text to ids and back for one model, from its tokenizer.model or tokenizer.json. Thread-safe. It is also a tokenizer of
/// Microsoft.ML.Tokenizers, so that whatever counts or trims by tokens in .NET can use it; that view adds no BOS and treats special tokens that
/// are written out as text.
/// </summary>
public abstract class ModelTokenizer : Tokenizer
{
    public abstract int VocabularySize { get; }

    /// <summary>-1 when the model has none.</summary>
    public abstract int BosTokenId { get; }

    /// <summary>-1 when the model has none.</summary>
    public abstract int EosTokenId { get; }

    /// <summary>True when encoding puts a space in front of a text, which the first piece that is decoded loses again.</summary>
    public abstract bool DropsFirstSpace { get; }

    /// <summary>
    /// Ids of <paramref name="text"/>, after BOS when <paramref name="addBos"/> and the model takes one. Special tokens written out in the text are text, not special, unless
    /// <paramref name="parseSpecial"/>.
    /// </summary>
    public abstract int[] Encode(string text, bool addBos, bool parseSpecial = false);

    /// <summary>The piece as the vocabulary has it, for example <c>▁the</c> or <c>&lt;0x0A&gt;</c>.</summary>
    public abstract string Piece(int id);

    /// <summary>What a token contributes to the text. Ids past the vocabulary, which padded models may have, contribute nothing.</summary>
    public abstract TokenText TextOf(int id);

    /// <summary>Text of a whole sequence (spec §4.4): the dummy space before the first piece is dropped; special tokens are left out unless <paramref name="showSpecial"/>.</summary>
    /// <exception cref="EngineException">InvalidArgument: an id outside [0, <see cref="VocabularySize"/>).</exception>
    public string Decode(ReadOnlySpan<int> ids, bool showSpecial = false)
    {
        var detokenizer = new StreamingDetokenizer(this, showSpecial);
        var text = new StringBuilder();
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] < 0 || ids[i] >= VocabularySize)
            {
                throw new EngineException(EngineError.InvalidArgument, $"ids[{i}] is {ids[i]}; expected an id in [0, {VocabularySize})") { Field = $"ids[{i}]" };
            }

            text.Append(detokenizer.Push(ids[i]));
        }

        return text.Append(detokenizer.Flush()).ToString();
    }

    public sealed override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var array = ids as int[] ?? ids.ToArray();
        var text = Decode(array.AsSpan());
        var fits = text.TryCopyTo(destination);
        idsConsumed = fits ? array.Length : 0;
        charsWritten = fits ? text.Length : 0;
        return fits ? OperationStatus.Done : OperationStatus.DestinationTooSmall;
    }

    /// <summary>Appends the ids of <paramref name="text"/> and returns it as it was encoded.</summary>
    private protected abstract string EncodeNormalized(string text, List<int> ids);

    protected sealed override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var ids = new List<int>();
        var normalized = EncodeNormalized(text ?? textSpan.ToString(), ids);
        var tokens = new List<EncodedToken>(ids.Count);
        var end = 0;
        foreach (var id in ids.Take(settings.MaxTokenCount))
        {
            var start = end;
            end += CharactersOf(id, normalized.AsSpan(start));
            tokens.Add(new EncodedToken(id, Piece(id), start..end));
        }

        return new EncodeResults<EncodedToken> { Tokens = tokens, NormalizedText = normalized, CharsConsumed = end };
    }

    /// <summary>Characters that a token covers; of the bytes of one character the first covers it.</summary>
    private int CharactersOf(int id, ReadOnlySpan<char> rest)
    {
        var text = TextOf(id);
        if (text.Kind != TokenTextKind.Byte)
        {
            return Math.Min(Piece(id).Length, rest.Length);
        }

        var isFirstByte = (text.Value & 0xC0) != 0x80;
        return isFirstByte && !rest.IsEmpty && char.IsHighSurrogate(rest[0]) ? 2 : isFirstByte ? 1 : 0;
    }
}
