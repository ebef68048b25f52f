using System.Diagnostics.CodeAnalysis;

namespace OrleansLM.Gateway.Validation;

/// <summary>Walks the fields of one protobuf message, over whatever it does not know. Stops early at bytes that are no message.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "Nobody compares readers.")]
internal ref struct WireReader(ReadOnlySpan<byte> wire)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int StartGroup = 3;
    private const int EndGroup = 4;
    private const int Fixed32 = 5;

    private ReadOnlySpan<byte> _rest = wire;
    private int _groups;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>The current field is text, bytes, a message or packed numbers, and not inside a group.</summary>
    public bool IsBytes { get; private set; }

    /// <summary>Its value, when <see cref="IsBytes"/>.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Moves to the next field; false at the end and where the bytes are no message.</summary>
    public bool Next()
    {
        if (!TryVarint(out var tag))
        {
            return false;
        }

        Field = (int)(tag >> 3);
        IsBytes = false;
        switch ((int)(tag & 7))
        {
            case Varint:
                return TryVarint(out _);
            case Fixed64:
                return TrySkip(sizeof(ulong), out _);
            case Fixed32:
                return TrySkip(sizeof(uint), out _);
            case LengthDelimited:
                return TryBytes();
            case StartGroup:
                _groups++;
                return true;
            case EndGroup:
                return _groups-- > 0;
            default:
                return false;
        }
    }

    private bool TryBytes()
    {
        if (!TryVarint(out var length) || !TrySkip(length, out var bytes))
        {
            return false;
        }

        Bytes = bytes;
        IsBytes = _groups == 0;
        return true;
    }

    private bool TrySkip(ulong count, out ReadOnlySpan<byte> skipped)
    {
        if (count > (ulong)_rest.Length)
        {
            skipped = default;
            return false;
        }

        skipped = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return true;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
