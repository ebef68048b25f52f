namespace OrleansLM.Engine.Runtime;

/// <summary>
/// The ragged batch of one step, the same for every stage: rows of many sequences, prefill chunks and decode rows together, and where each
/// sequence's state lies. Filled anew for each step in arrays that are kept, so that a decode step allocates nothing.
/// </summary>
public sealed class StepBatch
{
    private int[] _tokens = new int[64];
    private int[] _positions = new int[64];
    private int[] _pageIds = new int[256];
    private int[] _logitRows = new int[64];
    private StepSegment[] _segments = new StepSegment[16];
    private StateCopy[] _copies = new StateCopy[16];

    /// <summary>T.</summary>
    public int RowCount { get; private set; }

    public int SegmentCount { get; private set; }

    public int LogitRowCount { get; private set; }

    public int CopyCount { get; private set; }

    /// <summary>Changes with every change of the batch: what was made of it for one version is good for that version.</summary>
    internal int Version { get; private set; }

    /// <summary>Some of the <see cref="Tokens"/> are to come.</summary>
    internal bool Follows { get; private set; }

    private int PageIdCount { get; set; }

    /// <summary>
    /// Token id of each row, [T]. A negative one stands for a token that a step under way is still to choose: ~p, where p is the place at which its id will be found (see
    /// <see cref="ToCome"/>).
    /// </summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, RowCount);

    /// <summary>Absolute position of each row, [T].</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, RowCount);

    public ReadOnlySpan<StepSegment> Segments => _segments.AsSpan(0, SegmentCount);

    /// <summary>Page tables of all segments, one after the other.</summary>
    public ReadOnlySpan<int> PageIds => _pageIds.AsSpan(0, PageIdCount);

    /// <summary>Rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitRowCount);

    /// <summary>State copies to make before the first layer, in order.</summary>
    public ReadOnlySpan<StateCopy> Copies => _copies.AsSpan(0, CopyCount);

    public void Clear()
    {
        RowCount = SegmentCount = LogitRowCount = CopyCount = PageIdCount = 0;
        Follows = false;
        Version++;
    }

    public void AddCopy(StateCopy copy)
    {
        Grow(ref _copies, CopyCount + 1);
        _copies[CopyCount++] = copy;
    }

    /// <summary>Adds the rows of one sequence.</summary>
    /// <param name="tokens">Token ids at positions <paramref name="startPosition"/>, +1, …</param>
    /// <param name="startPosition">Absolute position of the first.</param>
    /// <param name="pageTable">Page ids from logical page <paramref name="firstPage"/> on; must cover all positions up to the last row's. Empty for recurrent models.</param>
    /// <param name="firstPage">Logical index of the first page that is kept.</param>
    /// <param name="slot">Recurrent slot or -1.</param>
    /// <returns>The index of the first row.</returns>
    public int AddSegment(ReadOnlySpan<int> tokens, int startPosition, ReadOnlySpan<int> pageTable, int firstPage, int slot)
    {
        var first = RowCount;
        Grow(ref _tokens, first + tokens.Length);
        Grow(ref _positions, first + tokens.Length);
        Grow(ref _pageIds, PageIdCount + pageTable.Length);
        Grow(ref _segments, SegmentCount + 1);
        tokens.CopyTo(_tokens.AsSpan(first));
        Follows |= tokens.Length == 1 && tokens[0] < 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            _positions[first + i] = startPosition + i;
        }

        pageTable.CopyTo(_pageIds.AsSpan(PageIdCount));
        _segments[SegmentCount++] = new StepSegment(first, tokens.Length, startPosition, PageIdCount, firstPage, pageTable.Length, slot);
        PageIdCount += pageTable.Length;
        RowCount += tokens.Length;
        Version++;
        return first;
    }

    /// <summary>What stands in <see cref="Tokens"/> for the token found at a place of <see cref="Loop.ChoicePlace"/>.</summary>
    internal static int ToCome(int place) => ~place;

    /// <summary>Asks for the logits of a row; rows must be asked for in ascending order.</summary>
    public void AddLogitRow(int row)
    {
        Grow(ref _logitRows, LogitRowCount + 1);
        _logitRows[LogitRowCount++] = row;
        Version++;
    }

    /// <summary>Fills the batch with what another process filled.</summary>
    /// <exception cref="InvalidDataException">The parts do not go together.</exception>
    internal void Load(
        ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, ReadOnlySpan<StepSegment> segments, ReadOnlySpan<int> pageIds, ReadOnlySpan<int> logitRows,
        ReadOnlySpan<StateCopy> copies)
    {
        foreach (var segment in segments)
        {
            if (!IsWithin(segment.FirstRow, segment.RowCount, tokens.Length) || !IsWithin(segment.PageTableStart, segment.PageTableLength, pageIds.Length))
            {
                throw new InvalidDataException($"{segment} in a step of {tokens.Length} rows and {pageIds.Length} page ids");
            }
        }

        foreach (var row in logitRows)
        {
            if (!IsWithin(row, 1, tokens.Length))
            {
                throw new InvalidDataException($"the logits of row {row} are wanted of a step of {tokens.Length} rows");
            }
        }

        Clear();
        RowCount = Set(ref _tokens, tokens);
        Set(ref _positions, positions);
        SegmentCount = Set(ref _segments, segments);
        PageIdCount = Set(ref _pageIds, pageIds);
        LogitRowCount = Set(ref _logitRows, logitRows);
        CopyCount = Set(ref _copies, copies);
    }

    private static bool IsWithin(int start, int count, int length) => start >= 0 && count >= 0 && start <= length - count;

    private static int Set<T>(ref T[] array, ReadOnlySpan<T> values)
    {
        Grow(ref array, values.Length);
        values.CopyTo(array);
        return values.Length;
    }

    private static void Grow<T>(ref T[] array, int needed)
    {
        if (needed > array.Length)
        {
            Array.Resize(ref array, Math.Max(needed, array.Length * 2));
        }
    }
}
