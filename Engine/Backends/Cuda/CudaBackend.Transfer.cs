namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>State that leaves the device or comes to it: pieces on the bus while threads of the host copy others.</summary>
public sealed unsafe partial class CudaBackend
{
    public void ReadAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, Span<byte> destination)
    {
        var parts = Parts(buffers, starts, destination.Length);
        fixed (byte* bytes = destination)
        {
            var target = (nint)bytes;
            _lanes.Run(parts.Pieces, (lane, piece) =>
            {
                var (start, count) = parts.Piece(piece);
                var slot = lane.Take();
                parts.ForEach(start, count, (address, at, size) => _stream.CopyToHost(slot.Data + at, address, size));
                slot.Done.Record(_stream);
                slot.Done.Synchronize();
                slot.Span(count).CopyTo(new Span<byte>((byte*)target + start, count));
            });
        }
    }

    public void WriteAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, ReadOnlySpan<byte> source)
    {
        var parts = Parts(buffers, starts, source.Length);
        fixed (byte* bytes = source)
        {
            var from = (nint)bytes;
            _lanes.Run(parts.Pieces, (lane, piece) =>
            {
                var (start, count) = parts.Piece(piece);
                var slot = lane.Take();
                new ReadOnlySpan<byte>((byte*)from + start, count).CopyTo(slot.Span(count));
                parts.ForEach(start, count, (address, at, size) => _stream.CopyToDevice(address, slot.Data + at, size));
                slot.Done.Record(_stream);
            });
        }
    }

    private ScatteredBytes Parts(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, long bytes)
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
}
