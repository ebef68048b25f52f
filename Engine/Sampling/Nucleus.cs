namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Keeps the most probable of a list of candidates, by rank or by weight, without sorting: a radix search over the bits of the weights finds
/// the weight of the last one that is kept, eight bits at a time. Equal weights are kept in order of id. Works in arrays that are given once.
/// </summary>
internal sealed class Nucleus
{
    private const int Buckets = 256;

    private readonly int[] _counts = new int[Buckets];
    private readonly double[] _sums = new double[Buckets];
    private readonly int[] _boundary;

    public Nucleus(int capacity) => _boundary = new int[capacity];

    /// <summary>Keeps the first <paramref name="limit"/> candidates by weight, or fewer: as many as it takes for their sum to reach <paramref name="mass"/>.</summary>
    /// <param name="candidates">Ids, ascending; what is kept stays in this order at the front.</param>
    /// <param name="weights">Not negative, by id, [V].</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="mass">Infinity when only the count matters.</param>
    /// <returns>How many are kept; at least 1.</returns>
    public int Keep(Span<int> candidates, ReadOnlySpan<float> weights, int limit, double mass)
    {
        if (limit >= candidates.Length && double.IsPositiveInfinity(mass))
        {
            return candidates.Length;
        }

        candidates.CopyTo(_boundary);
        var boundary = _boundary.AsSpan(0, candidates.Length);
        for (var shift = 24; shift >= 0 && boundary.Length > 1; shift -= 8)
        {
            var bucket = FindBucket(boundary, weights, shift, ref limit, ref mass);
            boundary = boundary[..Narrow(boundary, weights, shift, bucket)];
        }

        // All of the boundary weigh the same now; `ties` of them are the last that are kept.
        var last = weights[boundary[0]];
        var ties = TiesToKeep(boundary.Length, last, limit, mass);
        return Compact(candidates, weights, last, ties);
    }

    /// <summary>The bucket that the last kept one is in; what lies above it is taken off <paramref name="limit"/> and <paramref name="mass"/>.</summary>
    private int FindBucket(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, int shift, ref int limit, ref double mass)
    {
        Array.Clear(_counts);
        Array.Clear(_sums);
        foreach (var id in ids)
        {
            var bucket = Digit(weights[id], shift);
            _counts[bucket]++;
            _sums[bucket] += weights[id];
        }

        var found = Buckets - 1;
        for (var lowest = Array.FindIndex(_counts, count => count > 0); found > lowest; found--)
        {
            if (_counts[found] >= limit || (_sums[found] >= mass && _counts[found] > 0))
            {
                break;
            }

            limit -= _counts[found];
            mass -= _sums[found];
        }

        return found;
    }

    private static int Narrow(Span<int> ids, ReadOnlySpan<float> weights, int shift, int bucket)
    {
        var count = 0;
        foreach (var id in ids)
        {
            if (Digit(weights[id], shift) == bucket)
            {
                ids[count++] = id;
            }
        }

        return count;
    }

    private static int TiesToKeep(int available, float weight, int limit, double mass)
    {
        var ties = Math.Min(available, Math.Max(limit, 1));
        if (double.IsPositiveInfinity(mass) || weight == 0)
        {
            return ties;
        }

        return (int)Math.Clamp(Math.Ceiling(mass / weight), 1, ties);
    }

    private static int Compact(Span<int> candidates, ReadOnlySpan<float> weights, float last, int ties)
    {
        var count = 0;
        foreach (var id in candidates)
        {
            if (weights[id] > last || (weights[id] == last && ties-- > 0))
            {
                candidates[count++] = id;
            }
        }

        return count;
    }

    /// <summary>Bits of a positive float are in the order of its value.</summary>
    private static int Digit(float weight, int shift) => (int)(BitConverter.SingleToUInt32Bits(weight) >> shift) & (Buckets - 1);
}
