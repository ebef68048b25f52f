namespace OrleansLM.Engine.Text;

/// <summary>The tokenizer of the Llama and Mistral families, from either file format; both give the same ids (spec §4.3).</summary>
internal sealed class BytePairTokenizer(Vocabulary vocabulary, BytePairEncoder encoder, BytePairTokenizerPlan plan) : ModelTokenizer
{
    /// <summary>Tokens that are always cut out of the text.</summary>
    private readonly SpecialTokenCutter _added = new(plan.AddedTokens);

    /// <summary>Those and the special ones.</summary>
    private readonly SpecialTokenCutter _all = new(plan.AddedTokens.Concat(plan.SpecialTokens));

    public override int VocabularySize => vocabulary.Count;

    public override int BosTokenId => plan.BosTokenId;

    public override int EosTokenId => plan.EosTokenId;

    public override bool DropsFirstSpace => plan.DropsFirstSpace;

    public override int[] Encode(string text, bool addBos, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>((text.Length / 3) + 2);
        if (addBos && plan.AddsBos && BosTokenId >= 0)
        {
            ids.Add(BosTokenId);
        }

        EncodeSections(text, parseSpecial ? _all : _added, ids, normalized: null);
        return [.. ids];
    }

    public override string Piece(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, VocabularySize);
        return vocabulary.Piece(id);
    }

    public override TokenText TextOf(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < vocabulary.Count ? vocabulary.Text(id) : new TokenText(TokenTextKind.Special, "");
    }

    private protected override string EncodeNormalized(string text, List<int> ids)
    {
        var normalized = new List<string>();
        EncodeSections(text, _added, ids, normalized);
        return string.Concat(normalized);
    }

    /// <summary>Each section between cut-out tokens is normalised on its own, so each may get its own "▁".</summary>
    private void EncodeSections(string text, SpecialTokenCutter cutter, List<int> ids, List<string>? normalized)
    {
        for (var start = 0; start < text.Length;)
        {
            var rest = text.AsSpan(start);
            var found = cutter.TryFind(rest, out var offset, out var length, out var id);
            var section = found ? rest[..offset] : rest;
            if (!section.IsEmpty)
            {
                var written = plan.Normalizer.Apply(section, first: start == 0);
                encoder.Encode(written, ids);
                normalized?.Add(written);
            }

            if (found)
            {
                ids.Add(id);
                normalized?.Add(rest.Slice(offset, length).ToString());
            }

            start += section.Length + length;
        }
    }
}
