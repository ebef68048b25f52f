using System.Buffers.Binary;
using System.Text;

namespace Orleans.Serialization;

/// <summary>Reads one message, which may come from anybody: every length is checked before anything is made of it.</summary>
internal sealed class WireReader(WireCodecs codecs, ReadOnlyMemory<byte> data)
{
    private const int MaxDepth = 500;

    private Dictionary<int, object>? _references;
    private WireCodec?[] _typeTable = [];
    private string[] _typeNames = [];
    private int _origin;
    private int _end = data.Length;
    private int _pendingReference = -1;
    private int _depth;

    public int Position { get; private set; }

    public int Remaining => _end - Position;

    public void BeginBody()
    {
        _origin = Position;
        int table = _origin + ReadInt32();
        if (table < Position || table > _end)
            throw new WireFormatException($"The message's table of types is at {table}, outside of its {_end} bytes.");

        int start = Position;
        Position = table;
        _typeNames = new string[ReadCount()];
        for (int i = 0; i < _typeNames.Length; i++)
            _typeNames[i] = ReadString() ?? throw new WireFormatException("A type of the message has no name.");
        _typeTable = new WireCodec?[_typeNames.Length];
        Position = start;
        _end = table;
    }

    public ReadOnlySpan<byte> Read(int count)
    {
        if (count < 0 || count > Remaining)
            throw new WireFormatException($"The message ends at byte {_end}, but {count} more were expected at {Position}.");

        ReadOnlySpan<byte> span = data.Span.Slice(Position, count);
        Position += count;
        return span;
    }

    public byte ReadByte() => Read(1)[0];

    public bool ReadBool() => ReadByte() != 0;

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = ReadByte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }

        throw new WireFormatException($"A number of more than 64 bits at byte {Position}.");
    }

    public long ReadSigned()
    {
        ulong value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Read(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Read(8));

    public string? ReadString()
    {
        ulong count = ReadVarint();
        return count == 0 ? null : Encoding.UTF8.GetString(Read(Checked(count - 1)));
    }

    /// <summary>A number of elements, of which each takes at least one byte.</summary>
    public int ReadCount() => Checked(ReadVarint());

    public object? ReadObject() => codecs.AnySlot.Read(this);

    public void Skip(FieldKind kind)
    {
        switch (kind)
        {
            case FieldKind.Varint:
                ReadVarint();
                break;
            case FieldKind.Fixed64:
                Read(8);
                break;
            case FieldKind.Bytes:
                ulong count = ReadVarint();
                if (count > 0)
                    Read(Checked(count - 1));
                break;
            default:
                Read(ReadInt32());
                break;
        }
    }

    public WireCodec CodecOf(ulong typeNumber)
    {
        if (typeNumber < WireTypeNames.FirstFree)
            return codecs.For(WireTypeNames.KnownType((int)typeNumber));

        ulong index = typeNumber - WireTypeNames.FirstFree;
        if (index >= (ulong)_typeTable.Length)
            throw new WireFormatException($"The message names type {index}, but its table has {_typeTable.Length}.");

        return _typeTable[index] ??= codecs.For(codecs.Names.Resolve(_typeNames[index]));
    }

    /// <summary>Where the next object begins, counted from the body's begin: what references to it say.</summary>
    public int NextReference => Position - _origin;

    /// <summary>A position that a reference says.</summary>
    public int ReadPosition() => (int)Math.Min(ReadVarint(), int.MaxValue);

    /// <summary>The codec that is called next is to register its object under this position; none when negative.</summary>
    public void BeginReference(int reference) => _pendingReference = reference;

    public int TakeReference()
    {
        int reference = _pendingReference;
        _pendingReference = -1;
        return reference;
    }

    public void Register(int reference, object value)
    {
        if (reference >= 0)
            (_references ??= [])[reference] = value;
    }

    public object Referenced(int position)
        => _references is not null && _references.TryGetValue(position, out object? value)
            ? value
            : throw new WireFormatException($"The message refers to an object at byte {position} that was not read: it is in a member that this process does not know, or in a cycle.");

    public void Enter()
    {
        if (++_depth > MaxDepth)
            throw new WireFormatException($"The message is nested more than {MaxDepth} levels deep.");
    }

    public void Leave() => _depth--;

    private int Checked(ulong count)
        => count <= (ulong)Remaining ? (int)count : throw new WireFormatException($"{count} elements at byte {Position} of a message that ends at {_end}.");
}
