namespace OrleansLM.Engine.Text;

/// <summary>Merges of tokenizer.json (spec §4.3): the pairs that are listed, in the order of the list.</summary>
internal sealed class RankMerges : IMergeTable
{
    private readonly Dictionary<long, Merge> _pairs;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;

    /// <param name="ids">Id of every piece.</param>
    /// <param name="pairs">Merge of every listed pair, by <see cref="Key"/>.</param>
    public RankMerges(Dictionary<string, int> ids, Dictionary<long, Merge> pairs)
    {
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _pairs = pairs;
        foreach (var piece in ids.Keys)
        {
            Bigrams.Add(piece);
        }
    }

    public PieceBigrams Bigrams { get; } = new();

    public static long Key(int leftId, int rightId) => ((long)leftId << 32) | (uint)rightId;

    public int IdOf(ReadOnlySpan<char> character) => _ids.TryGetValue(character, out var id) ? id : -1;

    public bool TryMerge(int leftId, int rightId, ReadOnlySpan<char> joined, out Merge merge) => _pairs.TryGetValue(Key(leftId, rightId), out merge);

    public int MatchWhole(ReadOnlySpan<char> text) => 0;
}
