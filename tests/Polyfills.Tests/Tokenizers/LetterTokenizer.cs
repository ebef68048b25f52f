using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace OrleansLM.Polyfills.Tests.Tokenizers;

/// <summary>The smallest tokenizer: a token per letter, its id the code; normalisation makes upper case.</summary>
internal sealed class LetterTokenizer : Tokenizer
{
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var source = text ?? textSpan.ToString();
        var normalized = settings.ConsiderNormalization ? source.ToUpperInvariant() : null;
        var written = normalized ?? source;
        var count = Math.Min(written.Length, settings.MaxTokenCount);
        return new EncodeResults<EncodedToken>
        {
            Tokens = [.. Enumerable.Range(0, count).Select(i => new EncodedToken(written[i], written[i].ToString(), i..(i + 1)))],
            NormalizedText = normalized,
            CharsConsumed = count,
        };
    }

    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        idsConsumed = charsWritten = 0;
        foreach (var id in ids)
        {
            if (id < 0)
            {
                return OperationStatus.InvalidData;
            }

            if (charsWritten == destination.Length)
            {
                return OperationStatus.DestinationTooSmall;
            }

            destination[charsWritten++] = (char)id;
            idsConsumed++;
        }

        return OperationStatus.Done;
    }
}
