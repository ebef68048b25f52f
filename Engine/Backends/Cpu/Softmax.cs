using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// exp(score - maximum) of 8 queries, one a lane, over the keys of a block: maximum and sum run over the keys in order, so a query's numbers do not know its
/// neighbours. Between <see cref="SafeFirst"/> and <see cref="SafeEnd"/> all lanes see the key; elsewhere each lane is asked.
/// </summary>
internal readonly unsafe struct Softmax(int low, int safeFirst, int safeEnd, int high)
{
    private static readonly Vector256<float> _nothing = Vector256.Create(float.NegativeInfinity);

    /// <summary>Keys of the block that some query of the tile sees: [Low, High). All of this is counted from the block's first key.</summary>
    public int Low { get; } = low;

    public int SafeFirst { get; } = safeFirst;

    public int SafeEnd { get; } = safeEnd;

    public int High { get; } = high;

    /// <summary>Replaces the scores by their exponentials, 0 where a lane does not see the key. Maximum -∞ and sum 0 for a lane that sees none.</summary>
    /// <param name="scores">Key 0 of the block, first lane.</param>
    /// <param name="stride">Floats from key to key.</param>
    /// <param name="first">The first key that each lane sees.</param>
    /// <param name="end">The first key behind those that it sees.</param>
    /// <param name="maximum">Largest score.</param>
    /// <param name="sum">Σ exp(score - maximum).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Run(float* scores, long stride, Vector256<int> first, Vector256<int> end, out Vector256<float> maximum, out Vector256<float> sum)
    {
        Hide(scores, stride, Low, SafeFirst, first, end);
        Hide(scores, stride, SafeEnd, High, first, end);
        var largest = _nothing;
        for (var j = Low; j < High; j++)
        {
            largest = Vector256.Max(largest, Vector256.Load(scores + j * stride));
        }

        // A lane without keys: -∞ less 0 stays -∞, whose exponential is 0.
        var shift = Vector256.ConditionalSelect(Vector256.Equals(largest, _nothing), Vector256<float>.Zero, largest);
        var total = Vector256<float>.Zero;
        for (var j = Low; j < High; j++)
        {
            var e = Exponential.NotPositive(Vector256.Load(scores + j * stride) - shift);
            e.Store(scores + j * stride);
            total += e;
        }

        maximum = largest;
        sum = total;
    }

    private static void Hide(float* scores, long stride, int from, int to, Vector256<int> first, Vector256<int> end)
    {
        for (var j = from; j < to; j++)
        {
            var key = Vector256.Create(j);
            var sees = Vector256.GreaterThanOrEqual(key, first) & Vector256.LessThan(key, end);
            Vector256.ConditionalSelect(sees.AsSingle(), Vector256.Load(scores + j * stride), _nothing).Store(scores + j * stride);
        }
    }
}
