using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// What kernels have to know of a step, as 32-bit integers in one block of device memory that is filled by one copy. Where things lie in it depends on the
/// (padded) row count alone, so that a recorded step finds them at the same addresses. Padding rows have position and slot -1.
/// </summary>
internal sealed unsafe class StepMemory(CudaContext context, CudaStream stream) : IDisposable
{
    /// <summary>Segments up to this size are attended row by row.</summary>
    public const int SingleRows = 4;

    private const int TileRows = 128;
    private const int SectionsPerRow = 13;
    /// <summary>More than the steps that are ever queued at once: the host does not wait for a copy.</summary>
    private const int Copies = 24;

    private const int SmallestCapacity = 1 << 16;

    private readonly PinnedMemory?[] _host = new PinnedMemory?[Copies];
    private readonly CudaEvent?[] _copied = new CudaEvent?[Copies];
    private DeviceMemory? _device;
    private StepBatch? _batch;
    private int _version;
    private int _next;

    /// <summary>Rises when the memory moved: recorded addresses are void then.</summary>
    public int Generation { get; private set; }

    /// <summary>Rows, padding included.</summary>
    public int Rows { get; private set; }

    /// <summary>Segments, padding included.</summary>
    public int Segments { get; private set; }

    /// <summary>Tiles of 128 rows for prefill attention.</summary>
    public int Tiles { get; private set; }

    /// <summary>Rows [0, n) hold all that are attended one by one.</summary>
    public int SingleEnd { get; private set; }

    /// <summary>Largest position that is attended by itself; -1 when there is none.</summary>
    public int LastSinglePosition { get; private set; }

    public ulong Tokens => At(0);

    public ulong Positions => At(1);

    /// <summary>Page of position p of row t: pageIds[PageStart[t] + p / PageTokens].</summary>
    public ulong PageStart => At(2);

    public ulong Slots => At(3);

    /// <summary>Positions of rows that are attended one by one, -1 for the others.</summary>
    public ulong SinglePositions => At(4);

    public ulong LogitRows => At(5);

    /// <summary>[n, 5]: first row, rows, start, page offset, slot.</summary>
    public ulong SegmentTable => At(6);

    /// <summary>[n, 2]: segment, first row within it; those with most to do first.</summary>
    public ulong TileTable => At(11);

    public ulong PageIds => At(SectionsPerRow);

    /// <summary>Makes the device know the batch with <paramref name="rows"/> rows in all.</summary>
    /// <returns>False when it did already: nothing was done.</returns>
    public bool Stage(StepBatch batch, int rows)
    {
        if (ReferenceEquals(_batch, batch) && _version == batch.Version && Rows == rows)
        {
            return false;
        }

        Rows = rows;
        var size = SectionsPerRow * (long)rows + batch.PageIds.Length;
        var index = _next++ % Copies;
        Reserve(size, index);
        Fill(batch, new Span<int>(_host[index]!.Data, (int)size));
        stream.CopyToDevice(_device!.Address, _host[index]!.Data, size * sizeof(int));
        _copied[index]!.Record(stream);
        _batch = batch;
        _version = batch.Version;
        return true;
    }

    public void Dispose()
    {
        _device?.Dispose();
        foreach (var memory in _host)
        {
            memory?.Dispose();
        }

        foreach (var mark in _copied)
        {
            mark?.Dispose();
        }
    }

    private ulong At(int section) => _device!.Address + (ulong)section * (ulong)Rows * sizeof(int);

    private void Reserve(long size, int index)
    {
        _copied[index]?.Synchronize();
        _copied[index] ??= new CudaEvent(context);
        var bytes = Math.Max(SmallestCapacity, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)size)) * sizeof(int);
        if (_host[index] is null || _host[index]!.Bytes < size * sizeof(int))
        {
            _host[index]?.Dispose();
            _host[index] = new PinnedMemory(context, bytes);
        }

        if (_device is null || _device.Bytes < size * sizeof(int))
        {
            stream.Synchronize();
            _device?.Dispose();
            _device = new DeviceMemory(context, bytes);
            Generation++;
        }
    }

    private void Fill(StepBatch batch, Span<int> memory)
    {
        memory[..(SectionsPerRow * Rows)].Fill(-1);
        Section(memory, 0).Clear();
        Section(memory, 2).Clear();
        Section(memory, 5).Clear();
        batch.Tokens.CopyTo(memory);
        batch.Positions.CopyTo(Section(memory, 1));
        batch.LogitRows.CopyTo(Section(memory, 5));
        batch.PageIds.CopyTo(memory[(SectionsPerRow * Rows)..]);
        Segments = batch.SegmentCount + Rows - batch.RowCount;
        (Tiles, SingleEnd, LastSinglePosition) = (0, 0, -1);
        for (var s = 0; s < Segments; s++)
        {
            var segment = s < batch.SegmentCount ? batch.Segments[s] : new StepSegment(batch.RowCount + s - batch.SegmentCount, 0, 0, 0, 0, 0, -1);
            Fill(s, segment, memory);
        }

        if (Tiles > 1)
        {
            SortTiles(batch, memory.Slice(11 * Rows, 2 * Tiles));
        }
    }

    private void Fill(int index, StepSegment segment, Span<int> memory)
    {
        var pageStart = segment.PageTableStart - segment.FirstPage;
        ReadOnlySpan<int> entry = [segment.FirstRow, segment.RowCount, segment.StartPosition, pageStart, segment.Slot];
        entry.CopyTo(memory[(6 * Rows + 5 * index)..]);
        Section(memory, 2).Slice(segment.FirstRow, segment.RowCount).Fill(pageStart);
        Section(memory, 3).Slice(segment.FirstRow, segment.RowCount).Fill(segment.Slot);
        if (segment.RowCount > SingleRows)
        {
            for (var row = 0; row < segment.RowCount; row += TileRows)
            {
                memory[11 * Rows + 2 * Tiles] = index;
                memory[11 * Rows + 2 * Tiles++ + 1] = row;
            }
        }
        else if (segment.RowCount > 0)
        {
            Section(memory, 1).Slice(segment.FirstRow, segment.RowCount).CopyTo(Section(memory, 4)[segment.FirstRow..]);
            SingleEnd = segment.FirstRow + segment.RowCount;
            LastSinglePosition = Math.Max(LastSinglePosition, segment.StartPosition + segment.RowCount - 1);
        }
    }

    /// <summary>Tiles at late positions take longest and go first. Decode steps have none: this allocates.</summary>
    private static void SortTiles(StepBatch batch, Span<int> tiles)
    {
        var order = System.Runtime.InteropServices.MemoryMarshal.Cast<int, (int Segment, int Row)>(tiles);
        var segments = batch.Segments.ToArray();
        order.Sort((a, b) => (segments[b.Segment].StartPosition + b.Row).CompareTo(segments[a.Segment].StartPosition + a.Row));
    }

    private Span<int> Section(Span<int> memory, int section) => memory.Slice(section * Rows, Rows);
}
