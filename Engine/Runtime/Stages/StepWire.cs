using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// A step on the wire: counts (8 ints: rows, segments, page ids, logit rows, copies, biases, counts, zero), then the batch's arrays, the row requests and what belongs to them as they lie in
/// memory, little-endian, then the hidden states. A stage passes everything before the hidden states on as it came.
/// </summary>
internal static class StepWire
{
    private const int Counts = 8;

    public static void Write(PendingStep step, CountBook book, FrameWriter frame)
    {
        var batch = step.Batch;
        frame.Write<int>([batch.RowCount, batch.SegmentCount, batch.PageIds.Length, batch.LogitRowCount, batch.CopyCount, 0, 0, 0]);
        frame.Write(batch.Tokens);
        frame.Write(batch.Positions);
        frame.Write(batch.Segments);
        frame.Write(batch.PageIds);
        frame.Write(batch.LogitRows);
        frame.Write(batch.Copies);
        var (biases, fills) = WriteRequests(step, book, frame);
        frame.Rewrite<int>(5 * sizeof(int), [biases, fills]);
    }

    /// <summary>Fills <paramref name="batch"/> again.</summary>
    /// <param name="payload">The step.</param>
    /// <param name="batch">What is filled.</param>
    /// <param name="requests">What is wanted of each logit row.</param>
    /// <returns>Where the hidden states begin.</returns>
    /// <exception cref="InvalidDataException">The payload is no step.</exception>
    public static int Read(ReadOnlySpan<byte> payload, StepBatch batch, out RowRequests requests)
    {
        var rest = payload;
        var counts = Next<int>(ref rest, Counts);
        var (rows, segments, pageIds, logitRows, copies) = (counts[0], counts[1], counts[2], counts[3], counts[4]);
        batch.Load(
            Next<int>(ref rest, rows), Next<int>(ref rest, rows), Next<StepSegment>(ref rest, segments), Next<int>(ref rest, pageIds), Next<int>(ref rest, logitRows),
            Next<StateCopy>(ref rest, copies));
        requests = new RowRequests
        {
            Rows = Next<RowRequest>(ref rest, logitRows),
            BiasIds = Next<int>(ref rest, counts[5]),
            BiasValues = Next<float>(ref rest, counts[5]),
            Fills = Next<int>(ref rest, checked(2 * counts[6])),
        };
        return payload.Length - rest.Length;
    }

    private static (int Biases, int Fills) WriteRequests(PendingStep step, CountBook book, FrameWriter frame)
    {
        List<SamplingPlan>? biased = null;
        List<TokenCounts>? fills = null;
        foreach (var row in step.Rows)
        {
            var slot = book.Take(row, step.Number, out var fill);
            var request = new RowRequest(row, slot, fill?.Ids.Length ?? -1);
            frame.Write(new ReadOnlySpan<RowRequest>(in request));
            if (request.BiasCount > 0)
            {
                (biased ??= []).Add(row.Turn.Generation.Plan);
            }

            if (fill is not null)
            {
                (fills ??= []).Add(fill);
            }
        }

        return (WriteBiases(biased ?? [], frame), WriteFills(fills ?? [], frame));
    }

    private static int WriteBiases(List<SamplingPlan> plans, FrameWriter frame)
    {
        foreach (var plan in plans)
        {
            frame.Write<int>(plan.BiasIds);
        }

        foreach (var plan in plans)
        {
            frame.Write<float>(plan.BiasValues);
        }

        return plans.Sum(plan => plan.BiasIds.Length);
    }

    private static int WriteFills(List<TokenCounts> fills, FrameWriter frame)
    {
        foreach (var fill in fills)
        {
            foreach (var id in fill.Ids)
            {
                frame.Write<int>([id, fill.States[id]]);
            }
        }

        return fills.Sum(fill => fill.Ids.Length);
    }

    private static unsafe ReadOnlySpan<T> Next<T>(scoped ref ReadOnlySpan<byte> rest, int count)
        where T : unmanaged
    {
        var bytes = (long)count * sizeof(T);
        if (count < 0 || bytes > rest.Length)
        {
            throw new InvalidDataException($"a step says {count} times {typeof(T).Name} where {rest.Length} bytes are left");
        }

        var values = MemoryMarshal.Cast<byte, T>(rest[..(int)bytes]);
        rest = rest[(int)bytes..];
        return values;
    }
}
