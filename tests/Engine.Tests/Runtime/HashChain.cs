using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>
/// Runs <see cref="HashModel"/> over real page tables and slots: it writes every row to its cell and reads every row that it sees back. Steps run when they are
/// begun, in order; with a depth above 1 they are done when <see cref="Finish"/> says so, as with stages elsewhere.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="units">Pages or slots.</param>
/// <param name="pageTokens">P.</param>
/// <param name="maxRows">Of a step.</param>
/// <param name="depth">Steps under way together.</param>
/// <param name="follows">It chooses tokens itself, as a device does, and takes steps that follow what it has yet to tell.</param>
internal sealed partial class HashChain(ModelConfig config, int units, int pageTokens, int maxRows, int depth = 1, bool follows = false) : IStageChain
{
    /// <summary>A step that holds this token throws.</summary>
    public const int PoisonToken = 7;

    /// <summary>Logits after this token are not finite.</summary>
    public const int NotFiniteToken = 9;

    private const int BlockRows = 5;

    private readonly long[] _cells = new long[(long)units * pageTokens];
    private readonly ulong[] _slots = new ulong[units];
    private readonly int _places = PlacesFor(depth, follows);
    private readonly ulong[][] _hashes = [.. Enumerable.Range(0, PlacesFor(depth, follows)).Select(_ => new ulong[maxRows])];
    private readonly Exception?[] _errors = new Exception?[PlacesFor(depth, follows)];
    private readonly Queue<long> _underWay = new();
    private int _done;
    private bool _lost;
    private readonly float[] _logits = new float[BlockRows * config.VocabularySize];

    public int MaxRows => maxRows;

    public int Steps { get; private set; }

    public int LargestBatch { get; private set; }

    public List<int> RowsOfSteps { get; } = [];

    /// <summary>Keeps <see cref="RowsOfSteps"/>; off where allocations are counted.</summary>
    public bool Records { get; init; } = true;

    public int Depth => depth;

    public int Parallel => Math.Max(1, depth - 1);

    public bool IsReady => IsWhole && !_lost;

    public bool IsWhole { get; set; } = true;

    /// <summary>Steps of more turns find no memory.</summary>
    public int RoomForTurns { get; set; } = int.MaxValue;

    public EngineException? Unavailable { get; set; }

    public int UnderWay => _underWay.Count;

    /// <summary>The oldest <paramref name="steps"/> that are under way are done.</summary>
    public void Finish(int steps) => _done = Math.Min(_underWay.Count, _done + steps);

    /// <summary>All state and all steps under way are gone.</summary>
    public void Lose(bool ready)
    {
        Array.Fill(_cells, -1);
        Array.Clear(_slots);
        _underWay.Clear();
        _chosenFor.Clear();
        _done = 0;
        IsWhole = ready;
        _lost = true;
    }

    public bool TakeLoss()
    {
        var lost = _lost;
        _lost = false;
        return lost;
    }

    public void Begin(PendingStep step)
    {
        if (!IsReady || _underWay.Count == _places)
        {
            throw new InvalidOperationException("a step was begun that the chain has no room for");
        }

        if (step.Batch.SegmentCount > RoomForTurns)
        {
            throw new InsufficientMemoryException("the device is full");
        }

        Record(step.Batch);
        _underWay.Enqueue(step.Number);
        var place = step.Number % _places;
        _errors[place] = null;
        try
        {
            TakeChoices(step);
            Run(step.Batch, _hashes[place]);
        }
        catch (InvalidOperationException error)
        {
            _errors[place] = error;
        }
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        if (depth > 1 && _done == 0)
        {
            return false;
        }

        _done = Math.Max(0, _done - 1);
        if (_underWay.Dequeue() != step.Number)
        {
            throw new InvalidOperationException($"step {step.Number} is not the oldest that is under way");
        }

        var place = step.Number % _places;
        if (_errors[place] is { } error)
        {
            throw error;
        }

        if (follows)
        {
            TellChoices(step, reader);
        }
        else
        {
            ReadLogits(step, _hashes[place], reader);
        }

        return true;
    }

    public void Dispose()
    {
    }

    private static int PlacesFor(int depth, bool follows) => follows ? depth + Math.Max(1, depth - 1) : depth;

    private void Record(StepBatch batch)
    {
        Steps++;
        LargestBatch = Math.Max(LargestBatch, batch.SegmentCount);
        if (Records)
        {
            RowsOfSteps.Add(batch.RowCount);
        }
    }

    private void Run(StepBatch batch, ulong[] hashes)
    {
        Copy(batch);
        if (batch.Tokens.Contains(PoisonToken) || batch.Follows && _tokens.AsSpan(0, batch.RowCount).Contains(PoisonToken))
        {
            throw new InvalidOperationException("poison");
        }

        foreach (var segment in batch.Segments)
        {
            Run(batch, segment, hashes);
        }
    }

    private void ReadLogits(PendingStep step, ulong[] hashes, IStepReader reader)
    {
        var batch = step.Batch;
        for (var first = 0; first < batch.LogitRowCount; first += BlockRows)
        {
            var rows = Math.Min(BlockRows, batch.LogitRowCount - first);
            for (var i = 0; i < rows; i++)
            {
                WriteLogits(batch, hashes, batch.LogitRows[first + i], _logits.AsSpan(i * config.VocabularySize, config.VocabularySize));
            }

            reader.Read(step, first, rows, _logits.AsSpan(0, rows * config.VocabularySize));
        }
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

    private static void WriteLogits(StepBatch batch, ulong[] hashes, int row, Span<float> logits)
    {
        HashModel.Logits(hashes[row], logits);
        if (batch.Tokens[row] == NotFiniteToken)
        {
            logits[^1] = float.NaN;
        }
    }

    private void Run(StepBatch batch, StepSegment segment, ulong[] hashes)
    {
        var pages = batch.PageIds.Slice(segment.PageTableStart, segment.PageTableLength);
        for (var i = 0; i < segment.RowCount; i++)
        {
            var (row, position) = (segment.FirstRow + i, segment.StartPosition + i);
            if (segment.Slot >= 0)
            {
                _slots[segment.Slot] = hashes[row] = HashModel.Fold(_slots[segment.Slot], Token(batch, row));
                continue;
            }

            _cells[Cell(pages, segment, position)] = ((long)position << 32) | (uint)Token(batch, row);
            hashes[row] = Look(pages, segment, position);
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
