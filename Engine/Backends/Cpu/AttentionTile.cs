using System.Runtime.CompilerServices;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Some rows and the query heads of one key-value head, passing over blocks of keys. Query q is row q / group, head q % group.</summary>
internal readonly unsafe struct AttentionTile
{
    /// <summary>Keys or values taken together: they stay in the first-level cache while the queries pass.</summary>
    private const int RunTokens = 64;

    /// <summary>Floats from the scores of a query to those of the next: not a power of two, which would put all of them on the same cache sets.</summary>
    private const int ScoreStride = Attention.BlockTokens + 16;

    private readonly AttentionJob* _job;
    private readonly StepSegment _segment;
    private readonly int _head;
    private readonly int _firstPosition;
    private readonly float* _queries;
    private readonly float* _panel;
    private readonly float* _scores;

    // memory: at least ScratchFloats floats that are this thread's.
    public AttentionTile(AttentionJob* job, AttentionItem item, float* memory)
    {
        _job = job;
        _segment = job->Segments[item.Segment];
        _head = item.Head;
        _firstPosition = _segment.StartPosition + item.Row;
        Queries = item.Rows * job->Group;
        var state = AttentionState.Floats(Queries, job->PaddedDim);
        Total = new AttentionState(memory, Queries, job->PaddedDim);
        Part = new AttentionState(memory + state, Queries, job->PaddedDim);
        _queries = memory + 2 * state;
        _panel = _queries + Queries * job->PaddedDim;
        _scores = _panel + RunTokens * job->PaddedDim;
        CopyQueries(_segment.FirstRow + item.Row);
    }

    public int Queries { get; }

    /// <summary>Result of all blocks so far.</summary>
    public AttentionState Total { get; }

    /// <summary>Result of one block.</summary>
    public AttentionState Part { get; }

    public static long ScratchFloats(int queries, int paddedDim) =>
        2 * AttentionState.Floats(queries, paddedDim) + ((long)queries + RunTokens) * paddedDim + (long)queries * ScoreStride;

    /// <summary>Attention over one block of keys; meanwhile the values are fetched, and then the keys of <paramref name="nextBlock"/>, -1 for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Block<TElement>(int block, int nextBlock, AttentionState result)
        where TElement : IElement
    {
        var start = block * Attention.BlockTokens;
        var lastPosition = _firstPosition + Queries / _job->Group - 1;
        var low = Math.Max(start, Attention.FirstVisible(_job->Window, _firstPosition));
        var high = Math.Min(start + Attention.BlockTokens, lastPosition + 1);
        for (int position = low, count; position < high; position += count)
        {
            count = Run(position, high);
            var keys = Rows<TElement>(_job->Keys, position, count, out var stride);
            AttentionKernels.Scores(_queries, Queries, keys, stride, count, _job->PaddedDim, _job->Scale, _scores + (position - start), ScoreStride,
                Ahead<TElement>(_job->Values, position, count));
        }

        for (var q = 0; q < Queries; q++)
        {
            var (first, end) = Visible(q, start, high);
            AttentionKernels.Softmax(_scores + q * ScoreStride, first, end, out result.Maximum[q], out result.Sum[q]);
        }

        new Span<float>(result.Values, Queries * _job->PaddedDim).Clear();
        for (int position = low, count; position < high; position += count)
        {
            count = Run(position, high);
            var values = Rows<TElement>(_job->Values, position, count, out var stride);
            var ahead = position + (nextBlock - block) * Attention.BlockTokens;
            var next = nextBlock < 0 || ahead > lastPosition ? default : Ahead<TElement>(_job->Keys, ahead, Run(ahead, lastPosition + 1));
            AddValues(values, stride, start, position - start, position - start + count, result.Values, ref next);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyQueries(int firstRow)
    {
        for (var q = 0; q < Queries; q++)
        {
            var source = _job->Queries + ((long)(firstRow + q / _job->Group) * _job->Heads + _head * _job->Group + q % _job->Group) * _job->HeadDim;
            Lanes.Convert<Float32Element>((byte*)source, _queries + q * _job->PaddedDim, _job->HeadDim);
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

        for (var i = 0; i < count; i++)
        {
            Lanes.Convert<TElement>(source + (long)i * _job->HeadDim * TElement.Size, _panel + i * _job->PaddedDim, _job->HeadDim);
        }

        return _panel;
    }

    /// <summary>The keys that query <paramref name="query"/> sees of the block that begins at <paramref name="start"/>, counted from there.</summary>
    private (int First, int End) Visible(int query, int start, int high)
    {
        var position = _firstPosition + query / _job->Group;
        return (Math.Max(0, Attention.FirstVisible(_job->Window, position) - start), Math.Min(high, position + 1) - start);
    }

    /// <summary>o += p · v for values [low, high) of the block. What a query does not see is left out, not multiplied by zero: it may hold anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddValues(float* values, int stride, int start, int low, int high, float* result, ref Prefetch next)
    {
        for (var q = 0; q < Queries;)
        {
            var (first, end) = Clip(q, start, low, high);
            var together = 1;
            while (together < AttentionKernels.ValueQueries && q + together < Queries && Clip(q + together, start, low, high) == (first, end))
            {
                together++;
            }

            if (first < end)
            {
                AttentionKernels.AddValues(
                    _scores + q * ScoreStride + first, ScoreStride, together, values + (first - low) * stride, stride, end - first,
                    result + q * _job->PaddedDim, _job->PaddedDim, ref next);
            }

            q += together;
        }
    }

    private (int First, int End) Clip(int query, int start, int low, int high)
    {
        var (first, end) = Visible(query, start, start + high);
        return (Math.Max(first, low), end);
    }
}
