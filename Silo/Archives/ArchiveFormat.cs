using System.Buffers.Binary;
using System.Text.Json;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Archives;

/// <summary>
/// A session as a stream of bytes, little-endian: "OLMSESSN", version (u32), length of the header (u32), header (JSON), SHA-256 of all so far, tokens
/// (<see cref="TokenBlob"/>, which has a checksum of its own) and, where the header says so, a stored state (Engine/State/Transfer/StateFormat.cs).
/// </summary>
internal static class ArchiveFormat
{
    private const int Version = 2;
    private const int PrefixBytes = 16;
    private const int HashBytes = 32;
    private const int MaxHeaderBytes = 256 << 20;
    private const int MaxTokenBytes = 1 << 28;

    private static ReadOnlySpan<byte> Magic => "OLMSESSN"u8;

    public static async Task WriteAsync(Stream output, ArchiveHeader header, ReadOnlyMemory<byte> tokens, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(header, ArchiveJson.Default.ArchiveHeader);
        var head = new byte[PrefixBytes + json.Length];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), json.Length);
        json.CopyTo(head, PrefixBytes);
        await output.WriteAsync(head, cancellationToken);
        await output.WriteAsync(System.Security.Cryptography.SHA256.HashData(head), cancellationToken);
        await output.WriteAsync(tokens, cancellationToken);
    }

    /// <summary>Reads header and tokens; a state, where there is one, follows.</summary>
    /// <param name="input">A stream that knows its length, so that nothing is set aside for bytes that are not there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="OrleansLMException">InvalidArgument, <c>ARCHIVE_REFUSED</c>: what is wrong with it.</exception>
    public static async Task<(ArchiveHeader Header, int[] Tokens)> ReadAsync(Stream input, CancellationToken cancellationToken)
    {
        var prefix = await FillAsync(input, PrefixBytes, "its beginning", cancellationToken);
        var length = HeaderLength(prefix);
        var json = await FillAsync(input, length, "its header", cancellationToken);
        var hash = await FillAsync(input, HashBytes, "its header", cancellationToken);
        if (!System.Security.Cryptography.SHA256.HashData([.. prefix, .. json]).AsSpan().SequenceEqual(hash))
        {
            throw Refused("the checksum of its header does not match");
        }

        var header = Parse(json);
        var tokens = new int[header.Length];
        TokenBlob.Decode(await FillAsync(input, header.TokenBytes, "its tokens", cancellationToken), tokens);
        return (header, tokens);
    }

    public static OrleansLMException Refused(string what) => new(ErrorCode.InvalidArgument, $"data: the archive is refused: {what}")
    {
        Field = "data",
        Reason = "ARCHIVE_REFUSED",
    };

    private static int HeaderLength(ReadOnlySpan<byte> prefix)
    {
        if (!prefix[..8].SequenceEqual(Magic))
        {
            throw Refused("it does not begin with the mark of a session's archive");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(prefix[8..]);
        if (version is < 1 or > Version)
        {
            throw Refused($"it has format version {version}; this program reads versions 1 to {Version}");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix[12..]);
        return length is > 0 and <= MaxHeaderBytes ? length : throw Refused($"its header says that it has {length} bytes; expected at most {MaxHeaderBytes}");
    }

    private static ArchiveHeader Parse(byte[] json)
    {
        try
        {
            var header = JsonSerializer.Deserialize(json, ArchiveJson.Default.ArchiveHeader);
            if (header is { Length: >= 0, TokenBytes: >= 0 and <= MaxTokenBytes } && header.Length <= header.TokenBytes)
            {
                return header;
            }
        }
        catch (JsonException wrong)
        {
            throw Refused($"its header cannot be read: {wrong.Message}");
        }

        throw Refused("its header contradicts itself");
    }

    private static async Task<byte[]> FillAsync(Stream input, int count, string what, CancellationToken cancellationToken)
    {
        if (input.Length - input.Position < count)
        {
            throw Refused($"it was cut short: it ends within {what}");
        }

        var bytes = new byte[count];
        return await input.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellationToken) == count
            ? bytes
            : throw Refused($"it was cut short: it ends within {what}");
    }
}
