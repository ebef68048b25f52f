using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>
/// The directory of a zip file, ZIP64 included, as far as PyTorch writes it: one disk, members stored as they are. Every member is held against its local
/// header and the file's length, and no two may share a byte, so that afterwards each can be mapped where it lies.
/// </summary>
internal static class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const int LocalBytes = 30;
    private const int CentralBytes = 46;
    private const int MaxDirectoryBytes = 16 << 20;
    private const ushort Encrypted = 1;
    private const ushort SizesFollowData = 8;
    private const uint InExtra = 0xFFFFFFFF;
    private const ushort Zip64Extra = 1;

    /// <summary>Members by name, folders left out.</summary>
    /// <exception cref="CheckpointException">The file is no such zip file; the message names the byte or the member.</exception>
    public static IReadOnlyDictionary<string, ZipEntry> Read(MappedFile file)
    {
        var end = ZipEnd.Find(file);
        if (end.DirectoryBytes > MaxDirectoryBytes)
        {
            throw new CheckpointException($"{file.Path}: the zip directory has {end.DirectoryBytes} bytes; expected at most {MaxDirectoryBytes}");
        }

        var directory = file.Read(end.DirectoryOffset, (int)end.DirectoryBytes);
        var entries = new Dictionary<string, ZipEntry>();
        var position = 0;
        for (var index = 0L; index < end.EntryCount; index++)
        {
            var entry = ReadEntry(file, directory, ref position, end.DirectoryOffset);
            if (!entries.TryAdd(entry.Name, entry))
            {
                throw new CheckpointException($"{file.Path}: the zip directory has two members '{entry.Name}'");
            }
        }

        if (position != directory.Length)
        {
            throw new CheckpointException($"{file.Path}: {directory.Length - position} bytes follow the last of {end.EntryCount} entries in the zip directory");
        }

        CheckOverlap(entries.Values, file, end.DirectoryOffset);
        return entries;
    }

    private static ZipEntry ReadEntry(MappedFile file, byte[] directory, ref int position, long directoryOffset)
    {
        var at = directoryOffset + position;
        var left = directory.AsSpan(position);
        if (left.Length < CentralBytes || BinaryPrimitives.ReadUInt32LittleEndian(left) != CentralSignature)
        {
            throw new CheckpointException($"{file.Path}: byte {at}: no zip directory entry where one is expected");
        }

        var nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(left[28..]);
        var extraBytes = BinaryPrimitives.ReadUInt16LittleEndian(left[30..]);
        var total = CentralBytes + nameBytes + extraBytes + BinaryPrimitives.ReadUInt16LittleEndian(left[32..]);
        if (total > left.Length)
        {
            throw new CheckpointException($"{file.Path}: byte {at}: the zip directory entry runs past the directory's end");
        }

        position += total;
        var rawName = left.Slice(CentralBytes, nameBytes);
        if (!Utf8.IsValid(rawName))
        {
            throw new CheckpointException($"{file.Path}: byte {at}: the member's name is not UTF-8");
        }

        var name = Encoding.UTF8.GetString(rawName);
        var (size, headerOffset) = ReadExtent(left, left.Slice(CentralBytes + nameBytes, extraBytes), file, name);
        return Locate(file, name, rawName, headerOffset, size, directoryOffset);
    }

    private static (long Size, long HeaderOffset) ReadExtent(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra, MappedFile file, string name)
    {
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]);
        if (method != 0 || (flags & Encrypted) != 0)
        {
            throw new CheckpointException($"{file.Path}: member '{name}' is {(method != 0 ? $"compressed (method {method})" : "encrypted")}; expected it stored as it is, as PyTorch does");
        }

        var wide = new ZipWideFields(FindExtra(extra, Zip64Extra));
        var size = Field(ref wide, entry[24..]);
        var compressed = Field(ref wide, entry[20..]);
        var offset = Field(ref wide, entry[42..]);
        var disk = BinaryPrimitives.ReadUInt16LittleEndian(entry[34..]);
        if (size is null || compressed != size || offset is null || disk is not (0 or 0xFFFF))
        {
            throw new CheckpointException($"{file.Path}: member '{name}': size {size}, compressed size {compressed}, offset {offset}, disk {disk}; expected equal sizes on one disk");
        }

        return (size.Value, offset.Value);

        static long? Field(ref ZipWideFields wide, ReadOnlySpan<byte> narrow)
        {
            var value = BinaryPrimitives.ReadUInt32LittleEndian(narrow);
            return value == InExtra ? wide.Next() : value;
        }
    }

    private static ReadOnlySpan<byte> FindExtra(ReadOnlySpan<byte> extra, ushort id)
    {
        while (extra.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                return [];
            }

            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == id)
            {
                return extra.Slice(4, length);
            }

            extra = extra[(4 + length)..];
        }

        return [];
    }

    private static ZipEntry Locate(MappedFile file, string name, ReadOnlySpan<byte> rawName, long headerOffset, long size, long directoryOffset)
    {
        if (headerOffset > directoryOffset - LocalBytes - rawName.Length)
        {
            throw new CheckpointException($"{file.Path}: member '{name}' begins at byte {headerOffset}; expected its header before the directory at byte {directoryOffset}");
        }

        var header = file.Read(headerOffset, LocalBytes + rawName.Length).AsSpan();
        var nameBytes = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature || nameBytes != rawName.Length || !header[LocalBytes..].SequenceEqual(rawName))
        {
            throw new CheckpointException($"{file.Path}: byte {headerOffset}: no local header of member '{name}' where the directory says");
        }

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        var localSize = BinaryPrimitives.ReadUInt32LittleEndian(header[22..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != 0 || ((flags & SizesFollowData) == 0 && localSize != InExtra && localSize != size))
        {
            throw new CheckpointException($"{file.Path}: byte {headerOffset}: the local header of member '{name}' contradicts the directory");
        }

        var dataOffset = headerOffset + LocalBytes + nameBytes + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        return size <= directoryOffset - dataOffset
            ? new ZipEntry(name, headerOffset, dataOffset, size)
            : throw new CheckpointException($"{file.Path}: member '{name}' has {size} bytes from byte {dataOffset} on; only {directoryOffset - dataOffset} are there");
    }

    private static void CheckOverlap(IEnumerable<ZipEntry> entries, MappedFile file, long directoryOffset)
    {
        var previous = default(ZipEntry);
        foreach (var entry in entries.OrderBy(entry => entry.HeaderOffset))
        {
            if (entry.HeaderOffset < previous.End)
            {
                throw new CheckpointException($"{file.Path}: members '{previous.Name}' and '{entry.Name}' overlap at byte {entry.HeaderOffset}");
            }

            previous = entry;
        }

        if (previous.End > directoryOffset)
        {
            throw new CheckpointException($"{file.Path}: member '{previous.Name}' runs into the directory at byte {directoryOffset}");
        }
    }
}
