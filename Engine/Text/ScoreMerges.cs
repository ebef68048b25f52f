namespace OrleansLM.Engine.Text;

/// <summary>
/// Merges of tokenizer.model (spec §4.2): any two neighbours whose concatenation is a piece, the highest score first. Control and byte pieces
/// are never made by merging, so that "&lt;s&gt;" in a text is text.
/// </summary>
internal sealed class ScoreMerges : IMergeTable
{
    private readonly Dictionary<string, Merge>.AlternateLookup<ReadOnlySpan<char>> _pieces;
    private readonly string[] _whole;

    /// <param name="vocabulary">The pieces.</param>
    /// <param name="scores">Finite, by id.</param>
    public ScoreMerges(Vocabulary vocabulary, ReadOnlySpan<float> scores)
    {
        var pieces = new Dictionary<string, Merge>(vocabulary.Count, StringComparer.Ordinal);
        var whole = new List<string>();
        for (var id = 0; id < vocabulary.Count; id++)
        {
            if (vocabulary.Kind(id) is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused)
            {
                var piece = vocabulary.Piece(id);
                pieces[piece] = new Merge(id, Order(scores[id]));
                Bigrams.Add(piece);
                if (vocabulary.Kind(id) == PieceKind.UserDefined)
                {
                    whole.Add(piece);
                }
            }
        }

        _pieces = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        _whole = [.. whole.OrderByDescending(piece => piece.Length)];
    }

    public PieceBigrams Bigrams { get; } = new();

    public int IdOf(ReadOnlySpan<char> character) => _pieces.TryGetValue(character, out var merge) ? merge.Id : -1;

    public bool TryMerge(int leftId, int rightId, ReadOnlySpan<char> joined, out Merge merge) => _pieces.TryGetValue(joined, out merge);

    public int MatchWhole(ReadOnlySpan<char> text)
    {
        foreach (var piece in _whole)
        {
            if (text.StartsWith(piece, StringComparison.Ordinal))
            {
                return piece.Length;
            }
        }

        return 0;
    }

    /// <summary>Maps descending scores to ascending integers; both zeros are equal.</summary>
    private static uint Order(float score)
    {
        var bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (bits & 0x8000_0000) != 0 ? bits : ~(bits | 0x8000_0000);
    }
}
