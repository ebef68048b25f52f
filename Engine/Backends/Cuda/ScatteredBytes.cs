namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Blocks of one size at several addresses of a device, seen as one run of bytes that is cut into pieces.</summary>
/// <param name="addresses">Of the blocks, in order.</param>
/// <param name="blockBytes">Of each.</param>
/// <param name="pieceBytes">Of each piece but the last.</param>
internal sealed class ScatteredBytes(ulong[] addresses, long blockBytes, int pieceBytes)
{
    private readonly long _total = addresses.Length * blockBytes;

    public ReadOnlySpan<ulong> Addresses => addresses;

    public long BlockBytes => blockBytes;

    /// <summary>Blocks and pieces consist of whole vectors of 16 bytes.</summary>
    public bool IsAligned => blockBytes % 16 == 0 && pieceBytes % 16 == 0 && Array.TrueForAll(addresses, address => address % 16 == 0);

    public int Pieces => (int)((_total + pieceBytes - 1) / pieceBytes);

    public (long Start, int Count) Piece(int index)
    {
        var start = (long)index * pieceBytes;
        return (start, (int)Math.Min(pieceBytes, _total - start));
    }

    /// <summary>Calls <paramref name="visit"/> with (address, offset within [start, start + count), bytes) for each part of a block in that range.</summary>
    public void ForEach(long start, int count, Action<ulong, int, int> visit)
    {
        for (var done = 0; done < count;)
        {
            var (block, within) = Math.DivRem(start + done, blockBytes);
            var size = (int)Math.Min(count - done, blockBytes - within);
            visit(addresses[block] + (ulong)within, done, size);
            done += size;
        }
    }
}
