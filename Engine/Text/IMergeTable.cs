namespace OrleansLM.Engine.Text;

/// <summary>Which pairs of symbols may be merged, and in which order.</summary>
internal interface IMergeTable
{
    /// <summary>Of all pieces that merging can give.</summary>
    PieceBigrams Bigrams { get; }

    /// <summary>Id of a single character, -1 when it is not in the vocabulary.</summary>
    int IdOf(ReadOnlySpan<char> character);

    /// <param name="leftId">Id of the left symbol, -1 when it is not in the vocabulary.</param>
    /// <param name="rightId">Id of the right symbol.</param>
    /// <param name="joined">The characters of both.</param>
    /// <param name="merge">The merge, when there is one.</param>
    bool TryMerge(int leftId, int rightId, ReadOnlySpan<char> joined, out Merge merge);

    /// <summary>Length in characters of the longest piece that is matched whole before any merging, at the start of <paramref name="text"/>; 0 for none.</summary>
    int MatchWhole(ReadOnlySpan<char> text);
}
