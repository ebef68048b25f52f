using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Softmax attention of some queries over some keys, not yet divided: per query the largest score m, the sum l of exp(score - m), and
/// o = Σ exp(score - m) · value. A view of memory: [m…][l…][o…], o padded to a multiple of 8.
/// </summary>
internal readonly unsafe struct AttentionState(float* memory, int queries, int paddedDim)
{
    public float* Maximum { get; } = memory;

    public float* Sum { get; } = memory + Lanes.RoundUp(queries);

    /// <summary>[queries, paddedDim]</summary>
    public float* Values { get; } = memory + 2 * Lanes.RoundUp(queries);

    public static long Floats(int queries, int paddedDim) => 2L * Lanes.RoundUp(queries) + (long)queries * paddedDim;

    /// <summary>No keys at all.</summary>
    public void Reset()
    {
        new Span<float>(Maximum, queries).Fill(float.NegativeInfinity);
        new Span<float>(Sum, queries).Clear();
        new Span<float>(Values, queries * paddedDim).Clear();
    }

    /// <summary>Adds the keys of <paramref name="part"/>, which come after those that are here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Merge(AttentionState part)
    {
        for (var q = 0; q < queries; q++)
        {
            // A query that sees no key of the part.
            if (float.IsNegativeInfinity(part.Maximum[q]))
            {
                continue;
            }

            var maximum = MathF.Max(Maximum[q], part.Maximum[q]);
            var here = Exponential.NotPositive(Maximum[q] - maximum);
            var there = Exponential.NotPositive(part.Maximum[q] - maximum);
            Maximum[q] = maximum;
            Sum[q] = Lanes.MultiplyAdd(Sum[q], here, part.Sum[q] * there);
            Scale(Values + q * paddedDim, part.Values + q * paddedDim, Vector256.Create(here), Vector256.Create(there));
        }
    }

    /// <summary>Writes o / l of one query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Write(int query, float* destination, int headDim)
    {
        var values = Values + query * paddedDim;
        var sum = Sum[query];
        for (var d = 0; d < headDim; d++)
        {
            destination[d] = values[d] / sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Scale(float* values, float* part, Vector256<float> here, Vector256<float> there)
    {
        for (var d = 0; d < paddedDim; d += Lanes.Count)
        {
            Lanes.MultiplyAdd(Vector256.Load(values + d), here, Vector256.Load(part + d) * there).Store(values + d);
        }
    }
}
