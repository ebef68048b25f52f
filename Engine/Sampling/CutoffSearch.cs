using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Finds where top-k and top-p cut, without sorting: a radix search over the bits of the weights, eleven and then ten at a time, narrows down to
/// the weight of the last token that is kept. Linear in V whatever the weights are. Works in arrays that are given once.
/// </summary>
internal sealed class CutoffSearch(int capacity)
{
    private const int Lanes = 16;
    private const int Buckets = 1 << 11;

    private readonly float[] _values = new float[capacity];
    private readonly Bucket[] _buckets = new Bucket[Buckets];

    /// <summary>Keeps the <paramref name="limit"/> heaviest.</summary>
    /// <param name="weights">In [0, 1], not all 0.</param>
    /// <param name="limit">At least 1.</param>
    public Cutoff OfRank(ReadOnlySpan<float> weights, int limit)
    {
        var floor = RankFloor(weights, limit);
        var count = Gather(weights, floor);
        return floor == 0 && count <= limit ? new Cutoff(0, 0) : Search(count, limit, double.PositiveInfinity);
    }

    /// <summary>Keeps the fewest of the heaviest that weigh at least the share <paramref name="topP"/> of the whole.</summary>
    /// <param name="weights">In [0, 1], not all 0.</param>
    /// <param name="topP">(0, 1).</param>
    public Cutoff OfShare(ReadOnlySpan<float> weights, float topP)
    {
        // What weighs at most half of (1 - p) · total / V weighs less, all together, than what is left out: it need not be looked at.
        var total = LogitScan.Sum(weights);
        var floor = (float)((1 - topP) * total / (2.0 * weights.Length));
        return Search(Gather(weights, floor), int.MaxValue, topP * total);
    }

    /// <summary>Sets what is not kept to 0.</summary>
    public static void Apply(Cutoff cutoff, Span<float> weights)
    {
        var last = Vector512.Create(cutoff.Last);
        var ties = cutoff.Ties;
        var i = 0;
        for (; i <= weights.Length - Lanes; i += Lanes)
        {
            var lanes = weights.Slice(i, Lanes);
            var w = Vector512.Create((ReadOnlySpan<float>)lanes);
            if (Vector512.EqualsAny(w, last))
            {
                ApplyOneByOne(cutoff.Last, lanes, ref ties);
            }
            else
            {
                Vector512.ConditionalSelect(Vector512.GreaterThan(w, last), w, Vector512<float>.Zero).CopyTo(lanes);
            }
        }

        ApplyOneByOne(cutoff.Last, weights[i..], ref ties);
    }

    private static void ApplyOneByOne(float last, Span<float> weights, ref int ties)
    {
        foreach (ref var weight in weights)
        {
            if (weight < last || (weight == last && ties-- <= 0))
            {
                weight = 0;
            }
        }
    }

    /// <summary>
    /// A weight just under the one of rank <paramref name="limit"/> at most. The weights are dealt out into many more heaps than that; as many heaps
    /// as the limit have a heaviest at least as heavy as the heap of that rank, and so many tokens have.
    /// </summary>
    private float RankFloor(ReadOnlySpan<float> weights, int limit)
    {
        var vectors = weights.Length / Lanes;
        var groups = Math.Max(64, limit / 4);
        var span = vectors / groups;
        if (span < 2)
        {
            return 0;
        }

        for (var group = 0; group < groups; group++)
        {
            var heaviest = Vector512<float>.Zero;
            for (var i = 0; i < span; i++)
            {
                heaviest = Vector512.Max(heaviest, Vector512.Create(weights.Slice(((group * span) + i) * Lanes, Lanes)));
            }

            heaviest.CopyTo(_values.AsSpan(group * Lanes, Lanes));
        }

        var floor = Search(groups * Lanes, limit, double.PositiveInfinity).Last;
        return floor > 0 ? MathF.BitDecrement(floor) : 0;
    }

    /// <summary>Collects the weights above <paramref name="floor"/>.</summary>
    private int Gather(ReadOnlySpan<float> weights, float floor)
    {
        var vfloor = Vector512.Create(floor);
        var count = 0;
        for (var start = 0; start < weights.Length; start += Lanes)
        {
            var some = weights[start..Math.Min(start + Lanes, weights.Length)];
            if (some.Length == Lanes && !Vector512.GreaterThanAny(Vector512.Create(some), vfloor))
            {
                continue;
            }

            foreach (var weight in some)
            {
                _values[count] = weight;
                count += weight > floor ? 1 : 0;
            }
        }

        return count;
    }

    private Cutoff Search(int count, int limit, double mass)
    {
        for (var shift = 20; shift >= 0 && count > 1; shift -= 10)
        {
            var values = _values.AsSpan(0, count);
            Deal(values, shift);
            count = Narrow(values, shift, FindBucket(ref limit, ref mass));
        }

        // All that are left weigh the same.
        var last = _values[0];
        var ties = Math.Min(count, limit);
        return new Cutoff(last, double.IsPositiveInfinity(mass) || last == 0 ? ties : (int)Math.Clamp(Math.Ceiling(mass / last), 1, ties));
    }

    private void Deal(ReadOnlySpan<float> values, int shift)
    {
        Array.Clear(_buckets);
        foreach (var value in values)
        {
            ref var bucket = ref _buckets[Digit(value, shift)];
            bucket.Count++;
            bucket.Sum += value;
        }
    }

    /// <summary>The bucket that the last kept one is in; what lies above it is taken off <paramref name="limit"/> and <paramref name="mass"/>.</summary>
    private int FindBucket(ref int limit, ref double mass)
    {
        var found = -1;
        for (var i = Buckets - 1; i >= 0; i--)
        {
            ref readonly var bucket = ref _buckets[i];
            if (bucket.Count == 0)
            {
                continue;
            }

            if (found >= 0)
            {
                limit -= _buckets[found].Count;
                mass -= _buckets[found].Sum;
            }

            found = i;
            if (bucket.Count >= limit || bucket.Sum >= mass)
            {
                break;
            }
        }

        return found;
    }

    private static int Narrow(Span<float> values, int shift, int bucket)
    {
        var count = 0;
        foreach (var value in values)
        {
            values[count] = value;
            count += Digit(value, shift) == bucket ? 1 : 0;
        }

        return count;
    }

    /// <summary>The bits of positive numbers are in the order of their values; the sign is none of them.</summary>
    private static int Digit(float value, int shift) => (int)(BitConverter.SingleToUInt32Bits(value) >> shift) & (shift == 20 ? Buckets - 1 : (Buckets / 2) - 1);

    private struct Bucket
    {
        public double Sum;
        public int Count;
    }
}
