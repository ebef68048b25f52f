namespace Orleans.Serialization;

/// <summary>How the value of a member is delimited, so that a reader can pass over a member that it does not know.</summary>
internal enum FieldKind : byte
{
    Varint = 0,
    Fixed64 = 1,

    /// <summary>A varint of the number of bytes that follow, plus one; zero for null.</summary>
    Bytes = 2,

    /// <summary>The length in four bytes, then the value.</summary>
    Nested = 3,
}
