using System.Buffers.Binary;

namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>The end record of a zip file: where its directory lies. The ZIP64 form is used where there is one.</summary>
/// <param name="EntryCount">Entries in the directory.</param>
/// <param name="DirectoryOffset">In bytes from the start of the file.</param>
/// <param name="DirectoryBytes">Length of the directory.</param>
internal readonly record struct ZipEnd(long EntryCount, long DirectoryOffset, long DirectoryBytes)
{
    private const uint EndSignature = 0x06054b50;
    private const uint WideSignature = 0x06064b50;
    private const uint LocatorSignature = 0x07064b50;
    private const int EndBytes = 22;
    private const int WideBytes = 56;
    private const int LocatorBytes = 20;
    private const int MaxCommentBytes = 0xFFFF;

    /// <exception cref="CheckpointException">There is no end record, or it points outside the file.</exception>
    public static ZipEnd Find(MappedFile file)
    {
        var tailBytes = (int)Math.Min(file.Length, EndBytes + MaxCommentBytes);
        var tailOffset = file.Length - tailBytes;
        var tail = file.Read(tailOffset, tailBytes);
        var position = FindEnd(tail) ?? throw new CheckpointException($"{file.Path}: no end record of a zip file; it is truncated or no zip file");
        var endOffset = tailOffset + position;
        var (end, limit) = ReadWide(file, endOffset) ?? (ReadNarrow(file, tail.AsSpan(position)), endOffset);
        return end.DirectoryOffset <= limit && end.DirectoryBytes <= limit - end.DirectoryOffset
            ? end
            : throw new CheckpointException($"{file.Path}: the zip directory has {end.DirectoryBytes} bytes from byte {end.DirectoryOffset} on; expected it before byte {limit}");
    }

    /// <summary>The last signature whose comment reaches exactly to the end of the file.</summary>
    private static int? FindEnd(ReadOnlySpan<byte> tail)
    {
        for (var position = tail.Length - EndBytes; position >= 0; position--)
        {
            var record = tail[position..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(record) == EndSignature
                && BinaryPrimitives.ReadUInt16LittleEndian(record[20..]) == record.Length - EndBytes)
            {
                return position;
            }
        }

        return null;
    }

    private static ZipEnd ReadNarrow(MappedFile file, ReadOnlySpan<byte> record)
    {
        var (disk, directoryDisk) = (BinaryPrimitives.ReadUInt16LittleEndian(record[4..]), BinaryPrimitives.ReadUInt16LittleEndian(record[6..]));
        var (here, total) = (BinaryPrimitives.ReadUInt16LittleEndian(record[8..]), BinaryPrimitives.ReadUInt16LittleEndian(record[10..]));
        return disk == 0 && directoryDisk == 0 && here == total
            ? new ZipEnd(total, BinaryPrimitives.ReadUInt32LittleEndian(record[16..]), BinaryPrimitives.ReadUInt32LittleEndian(record[12..]))
            : throw new CheckpointException($"{file.Path}: the zip file is one of several disks; expected a whole one");
    }

    private static (ZipEnd End, long Limit)? ReadWide(MappedFile file, long endOffset)
    {
        if (endOffset < LocatorBytes)
        {
            return null;
        }

        var locator = file.Read(endOffset - LocatorBytes, LocatorBytes).AsSpan();
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != LocatorSignature)
        {
            return null;
        }

        var offset = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        if (offset < 0 || offset > endOffset - LocatorBytes - WideBytes)
        {
            throw new CheckpointException($"{file.Path}: the ZIP64 end record is said to be at byte {offset}; expected it before byte {endOffset - LocatorBytes - WideBytes + 1}");
        }

        var record = file.Read(offset, WideBytes).AsSpan();
        var end = new ZipEnd(
            BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[40..]));
        var valid = BinaryPrimitives.ReadUInt32LittleEndian(record) == WideSignature
            && BinaryPrimitives.ReadInt64LittleEndian(record[24..]) == end.EntryCount
            && BinaryPrimitives.ReadUInt64LittleEndian(record[16..]) == 0
            && end is { EntryCount: >= 0, DirectoryOffset: >= 0, DirectoryBytes: >= 0 };
        return valid ? (end, offset) : throw new CheckpointException($"{file.Path}: byte {offset}: the ZIP64 end record is not valid");
    }
}
