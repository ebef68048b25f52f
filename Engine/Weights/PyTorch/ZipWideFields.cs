using System.Buffers.Binary;

namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>The 64-bit fields of a ZIP64 extra record, in their fixed order; only those stand there that did not fit into 32 bits.</summary>
internal ref struct ZipWideFields(ReadOnlySpan<byte> fields)
{
    private ReadOnlySpan<byte> _fields = fields;

    /// <summary>Null when there is none left, or one that no file can have.</summary>
    public long? Next()
    {
        if (_fields.Length < sizeof(long))
        {
            return null;
        }

        var value = BinaryPrimitives.ReadInt64LittleEndian(_fields);
        _fields = _fields[sizeof(long)..];
        return value < 0 ? null : value;
    }
}
