using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// A step on the wire: counts (6 ints: rows, segments, page ids, logit rows, copies, zero), then the batch's arrays and the row requests as they lie in memory,
/// little-endian, then the hidden states. A stage passes everything before the hidden states on as it came.
/// </summary>
internal static class StepWire
{
    private const int Counts = 6;

    public static void Write(PendingStep step, FrameWriter frame)
    {
        var batch = step.Batch;
        frame.Write<int>([batch.RowCount, batch.SegmentCount, batch.PageIds.Length, batch.LogitRowCount, batch.CopyCount, 0]);
        frame.Write(batch.Tokens);
        frame.Write(batch.Positions);
        frame.Write(batch.Segments);
        frame.Write(batch.PageIds);
        frame.Write(batch.LogitRows);
        frame.Write(batch.Copies);
        foreach (var row in step.Rows)
        {
            var request = new RowRequest(row);
            frame.Write(new ReadOnlySpan<RowRequest>(in request));
        }
    }

    /// <summary>Fills <paramref name="batch"/> again.</summary>
    /// <param name="payload">The step.</param>
    /// <param name="batch">What is filled.</param>
    /// <param name="requests">What is wanted of each logit row.</param>
    /// <returns>Where the hidden states begin.</returns>
    /// <exception cref="InvalidDataException">The payload is no step.</exception>
    public static int Read(ReadOnlySpan<byte> payload, StepBatch batch, out ReadOnlySpan<RowRequest> requests)
    {
        var rest = payload;
        var counts = Next<int>(ref rest, Counts);
        var (rows, segments, pageIds, logitRows, copies) = (counts[0], counts[1], counts[2], counts[3], counts[4]);
        batch.Load(
            Next<int>(ref rest, rows), Next<int>(ref rest, rows), Next<StepSegment>(ref rest, segments), Next<int>(ref rest, pageIds), Next<int>(ref rest, logitRows),
            Next<StateCopy>(ref rest, copies));
        requests = Next<RowRequest>(ref rest, logitRows);
        return payload.Length - rest.Length;
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
