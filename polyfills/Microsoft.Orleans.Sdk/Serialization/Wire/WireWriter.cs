using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Orleans.Serialization;

/// <summary>Writes one message. Objects that occur twice are written once; types are named once, in a table at the message's end.</summary>
internal sealed class WireWriter(WireCodecs codecs) : IDisposable
{
    private const int MaxDepth = 500;

    private readonly List<string> _typeNames = [];
    private Dictionary<object, int>? _seen;
    private Dictionary<Type, int>? _types;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);
    private int _origin;
    private int _depth;

    public int Position { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Position);

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Position);

    /// <summary>Begins a body: positions of references count from here.</summary>
    public void BeginBody()
    {
        _origin = Position;
        WriteInt32(0);
    }

    /// <summary>Writes the table of types that the body names, and where it is.</summary>
    public void EndBody()
    {
        PatchInt32(_origin, Position - _origin);
        WriteVarint((ulong)_typeNames.Count);
        foreach (string name in _typeNames)
            WriteString(name);
    }

    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Position < count)
            Grow(count);
        Span<byte> span = _buffer.AsSpan(Position, count);
        Position += count;
        return span;
    }

    public void WriteByte(byte value) => Reserve(1)[0] = value;

    public void WriteBool(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    public void WriteVarint(ulong value)
    {
        Span<byte> span = Reserve(10);
        int count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        Position -= 10 - count;
    }

    /// <summary>Small negative numbers are short too.</summary>
    public void WriteSigned(long value) => WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Reserve(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Reserve(8), value);

    public void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>Null or the UTF-8 bytes. Unpaired surrogates become replacement characters.</summary>
    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteVarint(0);
            return;
        }

        int count = Encoding.UTF8.GetByteCount(value);
        WriteVarint((ulong)count + 1);
        Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    public void PatchInt32(int position, int value) => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(position), value);

    /// <summary>A value with its type, null included.</summary>
    public void WriteObject(object? value) => codecs.AnySlot.Write(this, value);

    /// <summary>The number of a type in the message's table; the first ones are known without it.</summary>
    public ulong TypeNumber(Type type)
    {
        if (WireTypeNames.TryGetKnownNumber(type, out int known))
            return (ulong)known;

        _types ??= [];
        if (!_types.TryGetValue(type, out int number))
        {
            number = _typeNames.Count;
            _types.Add(type, number);
            _typeNames.Add(codecs.Names.NameOf(type));
        }

        return (ulong)(WireTypeNames.FirstFree + number);
    }

    /// <summary>Where the object was written before, counted from the body's begin; false when it is new, and known from here on.</summary>
    public bool TryGetReference(object value, out int position)
    {
        _seen ??= new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        if (_seen.TryGetValue(value, out position))
            return true;

        _seen.Add(value, Position - _origin);
        return false;
    }

    public void Enter()
    {
        if (++_depth > MaxDepth)
            throw new CodecNotFoundException($"A value of a grain call is nested more than {MaxDepth} levels deep.");
    }

    public void Leave() => _depth--;

    public byte[] ToArray() => Written.ToArray();

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Grow(int count)
    {
        long needed = Math.Max((long)Position + count, Math.Min(_buffer.Length * 2L, Array.MaxLength));
        if (needed > Array.MaxLength)
            throw new CodecNotFoundException($"A message of more than {Array.MaxLength} bytes cannot be written.");

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)needed);
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
