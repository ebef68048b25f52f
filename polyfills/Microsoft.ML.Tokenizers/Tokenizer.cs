// Stand-in for the package Microsoft.ML.Tokenizers, written from its documented API; README.md beside this file lists the members and the promises.
using System.Buffers;

namespace Microsoft.ML.Tokenizers;

/// <summary>Text to ids and back. A tokenizer implements <see cref="EncodeToTokens(string?, ReadOnlySpan{char}, EncodeSettings)"/> and <see cref="Decode(IEnumerable{int}, Span{char}, out int, out int)"/>; the rest follows from them.</summary>
public abstract class Tokenizer
{
    private const int FirstDecodeCapacity = 256;

    protected Tokenizer()
    {
    }

    /// <param name="text">The text; null when it is in <paramref name="textSpan"/>.</param>
    /// <param name="textSpan">The text when <paramref name="text"/> is null.</param>
    /// <param name="settings">What to apply, and at most how many tokens to give.</param>
    protected abstract EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings);

    protected virtual EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var tokens = EncodeToTokens(text, textSpan, settings);
        var ids = new int[tokens.Tokens.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens.Tokens[i].Id;
        }

        return new EncodeResults<int> { Tokens = ids, NormalizedText = tokens.NormalizedText, CharsConsumed = tokens.CharsConsumed };
    }

    protected virtual int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    public IReadOnlyList<int> EncodeToIds(string text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        EncodeToIds(text, text, Settings(considerPreTokenization, considerNormalization)).Tokens;

    public IReadOnlyList<int> EncodeToIds(ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        EncodeToIds(null, text, Settings(considerPreTokenization, considerNormalization)).Tokens;

    /// <summary>Tokens whose offsets refer to <paramref name="normalizedString"/> when it is not null, otherwise to <paramref name="text"/>.</summary>
    public IReadOnlyList<EncodedToken> EncodeToTokens(string text, out string? normalizedString, bool considerPreTokenization = true, bool considerNormalization = true)
    {
        var result = EncodeToTokens(text, text, Settings(considerPreTokenization, considerNormalization));
        normalizedString = result.NormalizedText;
        return result.Tokens;
    }

    public int CountTokens(string text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        CountTokens(text, text, Settings(considerPreTokenization, considerNormalization));

    public int CountTokens(ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true) =>
        CountTokens(null, text, Settings(considerPreTokenization, considerNormalization));

    public virtual string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        for (var buffer = new char[FirstDecodeCapacity]; ; buffer = new char[buffer.Length * 2])
        {
            switch (Decode(ids, buffer, out _, out var written))
            {
                case OperationStatus.Done:
                    return new string(buffer, 0, written);
                case OperationStatus.InvalidData:
                    throw new InvalidOperationException("ids contains invalid data.");
            }
        }
    }

    /// <summary>Decodes into <paramref name="destination"/>; DestinationTooSmall when it does not fit.</summary>
    public abstract OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten);

    private static EncodeSettings Settings(bool considerPreTokenization, bool considerNormalization) =>
        new() { ConsiderPreTokenization = considerPreTokenization, ConsiderNormalization = considerNormalization };
}
