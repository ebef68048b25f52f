using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// State that leaves the device or comes to it: pieces on the bus while threads of the host copy others. A page lies in small blocks, one for each layer's keys and values; they
/// are gathered on the device, since the bus is fast with long copies only.
/// </summary>
public sealed unsafe partial class CudaBackend
{
    private readonly Lock _pieces = new();
    private DeviceMemory? _addresses;

    public void ReadAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, Span<byte> destination)
    {
        var run = Blocks(buffers, starts, destination.Length);
        var table = Addresses(run);
        fixed (byte* bytes = destination)
        {
            var target = (nint)bytes;
            _lanes.Run(run.Pieces, (lane, piece) =>
            {
                var (start, count) = run.Piece(piece);
                var slot = lane.Take();
                lock (_pieces)
                {
                    Gather(run, table, slot, start, count);
                    slot.Done.Record(_stream);
                }

                slot.Done.Synchronize();
                slot.Span(count).CopyTo(new Span<byte>((byte*)target + start, count));
            });
        }
    }

    public void WriteAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, ReadOnlySpan<byte> source)
    {
        var run = Blocks(buffers, starts, source.Length);
        var table = Addresses(run);
        fixed (byte* bytes = source)
        {
            var from = (nint)bytes;
            _lanes.Run(run.Pieces, (lane, piece) =>
            {
                var (start, count) = run.Piece(piece);
                var slot = lane.Take();
                new ReadOnlySpan<byte>((byte*)from + start, count).CopyTo(slot.Span(count));
                lock (_pieces)
                {
                    Scatter(run, table, slot, start, count);
                    slot.Done.Record(_stream);
                }
            });
        }
    }

    private void Gather(ScatteredBytes run, ulong table, HostSlot slot, long start, int count)
    {
        if (table == 0)
        {
            run.ForEach(start, count, (address, at, size) => _stream.CopyToHost(slot.Data + at, address, size));
            return;
        }

        _generic.MoveBlocks.Launch(_stream, Items(count / 16), table, slot.Raw, run.BlockBytes, start, (long)count, 1);
        _stream.CopyToHost(slot.Data, slot.Raw, count);
    }

    private void Scatter(ScatteredBytes run, ulong table, HostSlot slot, long start, int count)
    {
        if (table == 0)
        {
            run.ForEach(start, count, (address, at, size) => _stream.CopyToDevice(address, slot.Data + at, size));
            return;
        }

        _stream.CopyToDevice(slot.Raw, slot.Data, count);
        _generic.MoveBlocks.Launch(_stream, Items(count / 16), table, slot.Raw, run.BlockBytes, start, (long)count, 0);
    }

    private ScatteredBytes Blocks(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, long bytes)
    {
        var addresses = new ulong[starts.Length * buffers.Count];
        for (var s = 0; s < starts.Length; s++)
        {
            for (var i = 0; i < buffers.Count; i++)
            {
                addresses[s * buffers.Count + i] = Cuda(buffers[i]).At(starts[s]);
            }
        }

        return new ScatteredBytes(addresses, bytes / addresses.Length, _lanes.PieceOf(bytes));
    }

    /// <summary>The blocks' addresses on the device; 0 when copying block by block is as well, or blocks are not whole vectors.</summary>
    private ulong Addresses(ScatteredBytes run)
    {
        if (run.BlockBytes >= HostLanes.PieceBytes / 2 || !run.IsAligned)
        {
            return 0;
        }

        _ = _generic.MoveBlocks;
        var bytes = run.Addresses.Length * sizeof(ulong);
        if (_addresses is null || _addresses.Bytes < bytes)
        {
            _addresses?.Dispose();
            _addresses = new DeviceMemory(_context, Math.Max(bytes, 1 << 16));
        }

        Reserve(bytes);
        run.Addresses.CopyTo(new Span<ulong>(_staging!.Data, run.Addresses.Length));
        _stream.CopyToDevice(_addresses.Address, _staging.Data, bytes);
        _stream.Synchronize();
        return _addresses.Address;
    }
}
