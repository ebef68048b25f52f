namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>A piece of attention for one thread: some rows of a segment, the query heads of one key-value head, all blocks of keys or some.</summary>
internal struct AttentionItem
{
    public int Segment;

    /// <summary>First row, counted from the segment's first.</summary>
    public int Row;
    public int Rows;

    /// <summary>Key-value head.</summary>
    public int Head;

    /// <summary>First block of keys and number of blocks, when not all are computed.</summary>
    public int Block;
    public int Blocks;

    /// <summary>Where the first block's result goes, the others following it; -1 when all blocks are computed and merged here.</summary>
    public int Partial;
}
