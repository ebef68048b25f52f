namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>A piece of attention for one thread: some rows of a segment, the query heads of one key-value head, all blocks of keys or one.</summary>
internal struct AttentionItem
{
    public int Segment;

    /// <summary>First row, counted from the segment's first.</summary>
    public int Row;
    public int Rows;

    /// <summary>Key-value head.</summary>
    public int Head;

    /// <summary>Block of keys, when only one is computed.</summary>
    public int Block;

    /// <summary>Where that block's result goes; -1 when all blocks are computed.</summary>
    public int Partial;
}
