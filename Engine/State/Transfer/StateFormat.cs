namespace OrleansLM.Engine.State.Transfer;

/// <summary>
/// A stored state as a stream of bytes, little-endian:
/// <code>
/// "OLMSTATE"                      8 bytes
/// version                         u32
/// length of the header            u32
/// header                          JSON, UTF-8 (StateHeader)
/// CRC-32C of all so far           u32
/// ids of [0, To)                  i32 each
/// CRC-32C of the ids              u32
/// for each unit: its length       u32, 0 when it was left out
///                its bytes
///                CRC-32C of them  u32, seeded with the unit's index + 1
/// "OLMSTEND"                      8 bytes
/// </code>
/// </summary>
internal static class StateFormat
{
    public const int PrefixBytes = 16;
    public const int MaxHeaderBytes = 64 << 20;
    public const int MaxTokens = 1 << 26;

    public static ReadOnlySpan<byte> Magic => "OLMSTATE"u8;

    public static ReadOnlySpan<byte> End => "OLMSTEND"u8;
}
