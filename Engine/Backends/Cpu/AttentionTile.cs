using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Some rows and the query heads of one key-value head, passing over blocks of keys. Query q is row q / group, head q % group.</summary>
internal readonly unsafe struct AttentionTile
{
    /// <summary>Keys or values taken together: they stay in the first-level cache while the queries pass.</summary>
    private const int RunTokens = 64;

    private readonly AttentionJob* _job;
    private readonly StepSegment _segment;
    private readonly int _head;
    private readonly int _firstPosition;
    private readonly int _lastPosition;
    private readonly int _paddedQueries;
    private readonly float* _queries;
    private readonly int* _firstKeys;
    private readonly int* _endKeys;
    private readonly float* _panel;
    private readonly float* _scores;

    // memory: at least ScratchFloats floats that are this thread's.
    public AttentionTile(AttentionJob* job, AttentionItem item, float* memory)
    {
        _job = job;
        _segment = job->Segments[item.Segment];
        _head = item.Head;
        _firstPosition = _segment.StartPosition + item.Row;
        _lastPosition = _firstPosition + item.Rows - 1;
        Queries = item.Rows * job->Group;
        _paddedQueries = Lanes.RoundUp(Queries);
        var state = AttentionState.Floats(Queries, job->PaddedDim);
        Total = new AttentionState(memory, Queries, job->PaddedDim);
        Part = new AttentionState(memory + state, Queries, job->PaddedDim);
        _firstKeys = (int*)(memory + 2 * state);
        _endKeys = _firstKeys + _paddedQueries;
        _queries = (float*)(_endKeys + _paddedQueries);
        _panel = _queries + _paddedQueries * job->HeadDim;
        _scores = _panel + RunTokens * job->PaddedDim;
        PackQueries(_segment.FirstRow + item.Row);
        SetVisible();
    }

    public int Queries { get; }

    /// <summary>Result of all blocks so far.</summary>
    public AttentionState Total { get; }

    /// <summary>Result of one block.</summary>
    public AttentionState Part { get; }

    public static long ScratchFloats(int queries, int paddedDim)
    {
        long padded = Lanes.RoundUp(queries);
        return 2 * AttentionState.Floats(queries, paddedDim) + padded * (2 + paddedDim + Attention.BlockTokens) + (long)RunTokens * paddedDim;
    }

    /// <summary>Attention over one block of keys; meanwhile the values are fetched, and then the keys of <paramref name="nextBlock"/>, -1 for none.</summary>
    public void Block<TElement>(int block, int nextBlock, AttentionState result)
        where TElement : IElement
    {
        var start = block * Attention.BlockTokens;
        var low = Math.Max(start, Attention.FirstVisible(_job->Window, _firstPosition));
        var high = Math.Min(start + Attention.BlockTokens, _lastPosition + 1);
        var safeFirst = Math.Clamp(Attention.FirstVisible(_job->Window, _lastPosition), low, high);
        var safeEnd = Math.Clamp(_firstPosition + 1, safeFirst, high);
        Scores<TElement>(start, low, high);
        Normalize(start, new Softmax(low - start, safeFirst - start, safeEnd - start, high - start), result);
        new Span<float>(result.Values, Queries * _job->PaddedDim).Clear();
        for (int position = low, count; position < high; position += count)
        {
            count = Run(position, high);
            var values = Rows<TElement>(_job->Values, position, count, out var stride);
            var ahead = position + (nextBlock - block) * Attention.BlockTokens;
            var next = nextBlock < 0 || ahead > _lastPosition ? default : Ahead<TElement>(_job->Keys, ahead, Run(ahead, _lastPosition + 1));
            var run = new ValueRun(values, stride, position, start);
            AddByRow(run, position, Math.Min(position + count, safeFirst), result.Values, ref next);
            Add(run, 0, Queries, Math.Max(position, safeFirst), Math.Min(position + count, safeEnd), result.Values, ref next);
            AddByRow(run, Math.Max(position, safeEnd), position + count, result.Values, ref next);
        }
    }

    private void Scores<TElement>(int start, int low, int high)
        where TElement : IElement
    {
        for (int position = low, count; position < high; position += count)
        {
            count = Run(position, high);
            var keys = Rows<TElement>(_job->Keys, position, count, out var stride);
            ScoreKernels.Run(
                _queries, _paddedQueries / Lanes.Count, keys, stride, count, _job->HeadDim, _job->Scale,
                _scores + (position - start) * _paddedQueries, Ahead<TElement>(_job->Values, position, count));
        }
    }

    private void Normalize(int start, Softmax softmax, AttentionState result)
    {
        var origin = Vector256.Create(start);
        for (var q = 0; q < _paddedQueries; q += Lanes.Count)
        {
            softmax.Run(
                _scores + q, _paddedQueries, Vector256.Load(_firstKeys + q) - origin, Vector256.Load(_endKeys + q) - origin, out var maximum, out var sum);
            maximum.Store(result.Maximum + q);
            sum.Store(result.Sum + q);
        }
    }

    /// <summary>Where not all rows see all keys. What a query does not see is left out, not multiplied by zero: it may hold anything.</summary>
    private void AddByRow(in ValueRun run, int low, int high, float* result, ref Prefetch next)
    {
        for (var q = 0; low < high && q < Queries; q += _job->Group)
        {
            Add(run, q, _job->Group, Math.Max(low, _firstKeys[q]), Math.Min(high, _endKeys[q]), result, ref next);
        }
    }

    private void Add(in ValueRun run, int query, int queries, int low, int high, float* result, ref Prefetch next)
    {
        if (low < high)
        {
            ValueKernels.Run(
                _scores + (low - run.Start) * _paddedQueries + query, _paddedQueries, queries, run.Values + (low - run.Position) * run.Stride, run.Stride, high - low,
                result + query * _job->PaddedDim, _job->PaddedDim, ref next);
        }
    }

    private Prefetch Ahead<TElement>(byte* pages, int position, int count)
        where TElement : IElement => new(Source<TElement>(pages, position), (long)count * _job->HeadDim * TElement.Size);

    /// <summary>Where the key or value at a position lies.</summary>
    private byte* Source<TElement>(byte* pages, int position)
        where TElement : IElement
    {
        var page = _job->PageIds[_segment.PageTableStart + position / _job->PageTokens - _segment.FirstPage];
        var element = (((long)page * _job->KeyValueHeads + _head) * _job->PageTokens + position % _job->PageTokens) * _job->HeadDim;
        return pages + element * TElement.Size;
    }

    /// <summary>To [D, queries], zeros where queries are missing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackQueries(int firstRow)
    {
        for (var q = 0; q < _paddedQueries; q++)
        {
            var source = _job->Queries + ((long)(firstRow + q / _job->Group) * _job->Heads + _head * _job->Group + q % _job->Group) * _job->HeadDim;
            for (var d = 0; d < _job->HeadDim; d++)
            {
                _queries[d * _paddedQueries + q] = q < Queries ? source[d] : 0;
            }
        }
    }

    /// <summary>The keys that each query sees, by position; the missing queries see what the last one does.</summary>
    private void SetVisible()
    {
        for (var q = 0; q < _paddedQueries; q++)
        {
            var position = _firstPosition + Math.Min(q, Queries - 1) / _job->Group;
            _firstKeys[q] = Attention.FirstVisible(_job->Window, position);
            _endKeys[q] = position + 1;
        }
    }

    /// <summary>Positions from <paramref name="position"/> that lie together: up to the end of the page, at most <see cref="RunTokens"/>.</summary>
    private int Run(int position, int end) => Math.Min(Math.Min(RunTokens, _job->PageTokens - position % _job->PageTokens), end - position);

    /// <summary>Keys or values at consecutive positions of one page as padded f32, where they lie if they are that already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float* Rows<TElement>(byte* pages, int position, int count, out int stride)
        where TElement : IElement
    {
        var source = Source<TElement>(pages, position);
        stride = _job->PaddedDim;
        if (typeof(TElement) == typeof(Float32Element) && _job->PaddedDim == _job->HeadDim)
        {
            return (float*)source;
        }

        if (_job->PaddedDim == _job->HeadDim)
        {
            Lanes.Convert<TElement>(source, _panel, count * _job->HeadDim);
            return _panel;
        }

        for (var i = 0; i < count; i++)
        {
            Lanes.Convert<TElement>(source + (long)i * _job->HeadDim * TElement.Size, _panel + i * _job->PaddedDim, _job->HeadDim);
        }

        return _panel;
    }

    /// <summary>Values at consecutive positions from <see cref="Position"/>, of the block that begins at <see cref="Start"/>.</summary>
    private readonly struct ValueRun(float* values, int stride, int position, int start)
    {
        public readonly float* Values = values;
        public readonly int Stride = stride;
        public readonly int Position = position;
        public readonly int Start = start;
    }
}
