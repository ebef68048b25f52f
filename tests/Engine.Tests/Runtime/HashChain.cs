using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Runs <see cref="HashModel"/> over real page tables and slots: it writes every row to its cell and reads every row that it sees back.</summary>
internal sealed class HashChain(ModelConfig config, int units, int pageTokens, int maxRows) : IStageChain
{
    /// <summary>A step that holds this token throws.</summary>
    public const int PoisonToken = 7;

    /// <summary>Logits after this token are not finite.</summary>
    public const int NotFiniteToken = 9;

    private const int BlockRows = 5;

    private readonly long[] _cells = new long[(long)units * pageTokens];
    private readonly ulong[] _slots = new ulong[units];
    private readonly ulong[] _hashes = new ulong[maxRows];
    private readonly float[] _logits = new float[BlockRows * config.VocabularySize];

    public int MaxRows => maxRows;

    public int Steps { get; private set; }

    public int LargestBatch { get; private set; }

    public List<int> RowsOfSteps { get; } = [];

    /// <summary>Keeps <see cref="RowsOfSteps"/>; off where allocations are counted.</summary>
    public bool Records { get; init; } = true;

    public void Step(StepBatch batch, ILogitReader reader)
    {
        Steps++;
        LargestBatch = Math.Max(LargestBatch, batch.SegmentCount);
        if (Records)
        {
            RowsOfSteps.Add(batch.RowCount);
        }

        Copy(batch);
        if (batch.Tokens.Contains(PoisonToken))
        {
            throw new InvalidOperationException("poison");
        }

        foreach (var segment in batch.Segments)
        {
            Run(batch, segment);
        }

        for (var first = 0; first < batch.LogitRowCount; first += BlockRows)
        {
            var rows = Math.Min(BlockRows, batch.LogitRowCount - first);
            for (var i = 0; i < rows; i++)
            {
                WriteLogits(batch, batch.LogitRows[first + i], _logits.AsSpan(i * config.VocabularySize, config.VocabularySize));
            }

            reader.Read(first, rows, _logits.AsSpan(0, rows * config.VocabularySize));
        }
    }

    public void Dispose()
    {
    }

    private void Copy(StepBatch batch)
    {
        foreach (var copy in batch.Copies)
        {
            if (copy.From < 0)
            {
                _slots[copy.To] = HashModel.Empty;
                continue;
            }

            _slots[copy.To] = _slots[copy.From];
            _cells.AsSpan(copy.From * pageTokens, pageTokens).CopyTo(_cells.AsSpan(copy.To * pageTokens, pageTokens));
        }
    }

    private void WriteLogits(StepBatch batch, int row, Span<float> logits)
    {
        HashModel.Logits(_hashes[row], logits);
        if (batch.Tokens[row] == NotFiniteToken)
        {
            logits[^1] = float.NaN;
        }
    }

    private void Run(StepBatch batch, StepSegment segment)
    {
        var pages = batch.PageIds.Slice(segment.PageTableStart, segment.PageTableLength);
        for (var i = 0; i < segment.RowCount; i++)
        {
            var (row, position) = (segment.FirstRow + i, segment.StartPosition + i);
            if (segment.Slot >= 0)
            {
                _slots[segment.Slot] = _hashes[row] = HashModel.Fold(_slots[segment.Slot], batch.Tokens[row]);
                continue;
            }

            _cells[Cell(pages, segment, position)] = ((long)position << 32) | (uint)batch.Tokens[row];
            _hashes[row] = Look(pages, segment, position);
        }
    }

    private ulong Look(ReadOnlySpan<int> pages, StepSegment segment, int position)
    {
        var hash = HashModel.Empty;
        for (var seen = Math.Max(0, position - (config.SlidingWindow ?? int.MaxValue) + 1); seen <= position; seen++)
        {
            var cell = _cells[Cell(pages, segment, seen)];
            if (cell >> 32 != seen)
            {
                throw new InvalidOperationException($"the cell of position {seen} holds position {cell >> 32}");
            }

            hash = HashModel.Fold(hash, (int)cell);
        }

        return hash;
    }

    private int Cell(ReadOnlySpan<int> pages, StepSegment segment, int position)
        => pages[position / pageTokens - segment.FirstPage] * pageTokens + position % pageTokens;
}
