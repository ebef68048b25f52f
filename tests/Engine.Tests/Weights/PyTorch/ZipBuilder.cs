using System.Text;

namespace OrleansLM.Engine.Tests.Weights.PyTorch;

/// <summary>Writes zip files of stored members, in the 32-bit form or as ZIP64, with every field open to being wrong.</summary>
public sealed class ZipBuilder
{
    private const uint Wide = 0xFFFFFFFF;
    private readonly List<Member> _members = [];

    /// <summary>True: sizes, offsets and the directory are written in ZIP64 fields.</summary>
    public bool IsWide { get; init; }

    /// <summary>Payloads begin at multiples of this, by padding in the local header's extra field.</summary>
    public int Alignment { get; init; } = 64;

    public ZipBuilder Add(string name, byte[] data, Func<Member, Member>? alter = null)
    {
        var member = new Member(name, data);
        _members.Add(alter is null ? member : alter(member));
        return this;
    }

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        Build(stream);
        return stream.ToArray();
    }

    public void Build(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        var offsets = _members.Select(member => WriteLocal(writer, member)).ToArray();
        var directory = stream.Position;
        foreach (var (member, offset) in _members.Zip(offsets))
        {
            WriteCentral(writer, member, member.Offset ?? offset);
        }

        WriteEnd(writer, directory, stream.Position - directory);
    }

    private long WriteLocal(BinaryWriter writer, Member member)
    {
        var offset = writer.BaseStream.Position;
        var name = Encoding.UTF8.GetBytes(member.LocalName ?? member.Name);
        var dataAt = offset + 30 + name.Length + 4;
        var padding = (int)((Alignment - dataAt % Alignment) % Alignment);
        writer.Write(0x04034b50u);
        writer.Write((ushort)20);
        writer.Write(member.Flags);
        writer.Write(member.Method);
        writer.Write(0u);
        writer.Write(0u);
        writer.Write(IsWide ? Wide : (uint)member.Data.Length);
        writer.Write(IsWide ? Wide : (uint)member.Data.Length);
        writer.Write((ushort)name.Length);
        writer.Write((ushort)(4 + padding));
        writer.Write(name);
        writer.Write((ushort)0x4246);
        writer.Write((ushort)padding);
        writer.Write(new byte[padding]);
        writer.Write(member.Data);
        writer.Flush();
        writer.BaseStream.Seek(member.HoleBytes, SeekOrigin.Current);
        return offset;
    }

    private void WriteCentral(BinaryWriter writer, Member member, long offset)
    {
        var name = Encoding.UTF8.GetBytes(member.Name);
        var size = member.Size ?? member.Data.Length + member.HoleBytes;
        writer.Write(0x02014b50u);
        writer.Write((ushort)20);
        writer.Write((ushort)20);
        writer.Write(member.Flags);
        writer.Write(member.Method);
        writer.Write(0u);
        writer.Write(0u);
        writer.Write(IsWide ? Wide : (uint)size);
        writer.Write(IsWide ? Wide : (uint)size);
        writer.Write((ushort)name.Length);
        writer.Write((ushort)(IsWide ? 28 : 0));
        writer.Write((ushort)0);
        writer.Write((ushort)0);
        writer.Write((ushort)0);
        writer.Write(0u);
        writer.Write(IsWide ? Wide : (uint)offset);
        writer.Write(name);
        if (IsWide)
        {
            writer.Write((ushort)1);
            writer.Write((ushort)24);
            writer.Write(size);
            writer.Write(size);
            writer.Write(offset);
        }
    }

    private void WriteEnd(BinaryWriter writer, long directory, long bytes)
    {
        if (IsWide)
        {
            var record = writer.BaseStream.Position;
            writer.Write(0x06064b50u);
            writer.Write(44L);
            writer.Write((ushort)20);
            writer.Write((ushort)20);
            writer.Write(0u);
            writer.Write(0u);
            writer.Write((long)_members.Count);
            writer.Write((long)_members.Count);
            writer.Write(bytes);
            writer.Write(directory);
            writer.Write(0x07064b50u);
            writer.Write(0u);
            writer.Write(record);
            writer.Write(1u);
        }

        writer.Write(0x06054b50u);
        writer.Write(0u);
        writer.Write((ushort)(IsWide ? 0xFFFF : _members.Count));
        writer.Write((ushort)(IsWide ? 0xFFFF : _members.Count));
        writer.Write(IsWide ? Wide : (uint)bytes);
        writer.Write(IsWide ? Wide : (uint)directory);
        writer.Write((ushort)0);
    }

    /// <summary>A member; null means the true value.</summary>
    public sealed record Member(string Name, byte[] Data)
    {
        public string? LocalName { get; init; }

        public ushort Method { get; init; }

        public ushort Flags { get; init; }

        public long? Size { get; init; }

        /// <summary>Bytes behind the data that are skipped, not written.</summary>
        public long HoleBytes { get; init; }

        public long? Offset { get; init; }
    }
}
