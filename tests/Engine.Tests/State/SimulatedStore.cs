using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Tests.State;

/// <summary>
/// What a stage does with a batch, on tokens in place of keys and values: copies, then writes, then every row reads what it is allowed to see.
/// </summary>
internal sealed class SimulatedStore(int pageCount, int pageTokens, int window)
{
    private readonly int[,] _pages = new int[pageCount, pageTokens];

    /// <summary>Runs a batch and returns, per segment, what its last row sees: the tokens of the visible positions, in order.</summary>
    public int[][] Run(StepBatch batch)
    {
        foreach (var copy in batch.Copies)
        {
            for (var i = 0; i < pageTokens; i++)
            {
                _pages[copy.To, i] = _pages[copy.From, i];
            }
        }

        foreach (var segment in batch.Segments)
        {
            Write(batch, segment);
        }

        return batch.Segments.ToArray().Select(segment => Read(batch, segment)).ToArray();
    }

    private void Write(StepBatch batch, StepSegment segment)
    {
        for (var i = 0; i < segment.RowCount; i++)
        {
            At(batch, segment, segment.StartPosition + i) = batch.Tokens[segment.FirstRow + i];
        }
    }

    private int[] Read(StepBatch batch, StepSegment segment)
    {
        var end = segment.StartPosition + segment.RowCount;
        var start = (int)Math.Max(0L, (long)end - window);
        return Enumerable.Range(start, end - start).Select(position => At(batch, segment, position)).ToArray();
    }

    private ref int At(StepBatch batch, StepSegment segment, int position)
    {
        var entry = position / pageTokens - segment.FirstPage;
        Assert.InRange(entry, 0, segment.PageTableLength - 1);
        return ref _pages[batch.PageIds[segment.PageTableStart + entry], position % pageTokens];
    }
}
