using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansLM.Engine.State.Transfer;

/// <summary>Reads a stored state from a stream (<see cref="StateFormat"/>), checking every part before it is handed on.</summary>
public sealed class StateReader : IStateSource
{
    private readonly Stream _input;
    private int _next;

    private StateReader(Stream input, StateHeader header, int[] tokens)
    {
        _input = input;
        Header = header;
        Tokens = tokens;
    }

    public StateHeader Header { get; }

    public ReadOnlyMemory<int> Tokens { get; }

    /// <summary>Reads header and ids. The stream stays the caller's.</summary>
    /// <exception cref="StateException">NotAState, Version, Truncated or Damaged.</exception>
    public static async Task<StateReader> OpenAsync(Stream input, CancellationToken cancellationToken = default)
    {
        var header = await ReadHeaderAsync(input, cancellationToken).ConfigureAwait(false);
        var ids = await ReadExactlyAsync(input, checked((header.To + 1) * sizeof(int)), "its token ids", cancellationToken).ConfigureAwait(false);
        RequireSum(ids, 0, "its token ids");
        var tokens = MemoryMarshal.Cast<byte, int>(ids.AsSpan(0, header.To * sizeof(int))).ToArray();
        return TokenHash.Of(tokens) == header.TokenHash
            ? new StateReader(input, header, tokens)
            : throw new StateException(StateFault.Damaged, "the stored state's token ids do not have the hash that its header names");
    }

    public async ValueTask<bool> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        var what = $"unit {_next} of {Header.Positions.Count}";
        var frame = await ReadExactlyAsync(_input, sizeof(int), what, cancellationToken).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame);
        if (length != 0 && length != Header.UnitBytes)
        {
            throw new StateException(StateFault.Damaged, $"the stored state's {what} says that it has {length} bytes; expected {Header.UnitBytes}");
        }

        var bytes = destination[..length];
        await FillAsync(_input, bytes, what, cancellationToken).ConfigureAwait(false);
        frame = await ReadExactlyAsync(_input, sizeof(uint), what, cancellationToken).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Checksum.Of(bytes.Span, (uint)_next + 1))
        {
            throw new StateException(StateFault.Damaged, $"the checksum of the stored state's {what} does not match: bits were flipped");
        }

        if (++_next == Header.Positions.Count)
        {
            await RequireEndAsync(cancellationToken).ConfigureAwait(false);
        }

        return length > 0;
    }

    private static async Task<StateHeader> ReadHeaderAsync(Stream input, CancellationToken cancellationToken)
    {
        var prefix = await ReadExactlyAsync(input, StateFormat.PrefixBytes, "its beginning", cancellationToken).ConfigureAwait(false);
        var length = Length(prefix);
        var rest = await ReadExactlyAsync(input, length + sizeof(uint), "its header", cancellationToken).ConfigureAwait(false);
        byte[] all = [.. prefix, .. rest];
        RequireSum(all, 0, "its header");
        return Parse(rest.AsSpan(0, length));
    }

    private static int Length(ReadOnlySpan<byte> prefix)
    {
        if (!prefix[..8].SequenceEqual(StateFormat.Magic))
        {
            throw new StateException(StateFault.NotAState, "these bytes are not a stored state: they do not begin with its mark");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(prefix[8..]);
        if (version != StateHeader.CurrentVersion)
        {
            throw new StateException(StateFault.Version, $"the stored state has format version {version}; this program reads version {StateHeader.CurrentVersion}");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix[12..]);
        return length is > 0 and <= StateFormat.MaxHeaderBytes
            ? length
            : throw new StateException(StateFault.Damaged, $"the stored state's header says that it has {length} bytes; expected at most {StateFormat.MaxHeaderBytes}");
    }

    private static StateHeader Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var header = JsonSerializer.Deserialize(json, StateJson.Default.StateHeader);
            if (header is { UnitBytes: > 0, To: > 0 and <= StateFormat.MaxTokens, From: >= 0, Positions.Count: > 0 })
            {
                return header;
            }
        }
        catch (JsonException wrong)
        {
            throw new StateException(StateFault.NotAState, $"the stored state's header cannot be read: {wrong.Message}", wrong);
        }

        throw new StateException(StateFault.NotAState, "the stored state's header contradicts itself");
    }

    private async Task RequireEndAsync(CancellationToken cancellationToken)
    {
        var end = await ReadExactlyAsync(_input, StateFormat.End.Length, "its end", cancellationToken).ConfigureAwait(false);
        if (!end.AsSpan().SequenceEqual(StateFormat.End))
        {
            throw new StateException(StateFault.Damaged, "the stored state does not end with its mark");
        }
    }

    private static void RequireSum(ReadOnlySpan<byte> bytes, uint seed, string what)
    {
        var end = bytes.Length - sizeof(uint);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[end..]) != Checksum.Of(bytes[..end], seed))
        {
            throw new StateException(StateFault.Damaged, $"the checksum of the stored state does not match at {what}: bits were flipped");
        }
    }

    private static async Task<byte[]> ReadExactlyAsync(Stream input, int count, string what, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        await FillAsync(input, bytes, what, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    private static async Task FillAsync(Stream input, Memory<byte> bytes, string what, CancellationToken cancellationToken)
    {
        var read = await input.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (read < bytes.Length)
        {
            throw new StateException(StateFault.Truncated, $"the stored state was cut short: it ends within {what}");
        }
    }
}
