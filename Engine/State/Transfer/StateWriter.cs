using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OrleansLM.Engine.State.Transfer;

/// <summary>Writes an export to a stream (<see cref="StateFormat"/>), reading the next units while the last ones are written.</summary>
public static class StateWriter
{
    /// <summary>Units are read in runs of about so many bytes: long enough to be few, short enough to keep the engine's thread for a millisecond.</summary>
    private const int RunBytes = 4 << 20;

    /// <summary>Bytes that <see cref="WriteAsync"/> will write at most.</summary>
    public static long SizeOf(IStateExport export)
    {
        var header = export.Header;
        return StateFormat.PrefixBytes + HeaderBytes(header).Length + 16 + (sizeof(int) * (long)header.To) + header.TotalBytes + (8L * header.Positions.Count);
    }

    /// <exception cref="Runtime.EngineException">The state was dropped meanwhile, or the engine has stopped.</exception>
    public static async Task WriteAsync(IStateExport export, Stream output, CancellationToken cancellationToken = default)
    {
        await output.WriteAsync(Head(export.Header), cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(Ids(export.Tokens.Span), cancellationToken).ConfigureAwait(false);
        await WriteUnitsAsync(export, output, cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(StateFormat.End.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task WriteUnitsAsync(IStateExport export, Stream output, CancellationToken cancellationToken)
    {
        var unitBytes = export.Header.UnitBytes;
        var runBytes = Math.Max(1, RunBytes / unitBytes) * unitBytes;
        var (current, ahead) = (ArrayPool<byte>.Shared.Rent(runBytes), ArrayPool<byte>.Shared.Rent(runBytes));
        var count = export.Header.Positions.Count;
        var reading = ReadAsync(0, current);
        try
        {
            for (var first = 0; first < count;)
            {
                var units = await reading.ConfigureAwait(false);
                var next = first + Math.Max(1, units);
                reading = ReadAsync(next, ahead);
                await WriteRunAsync(first, units, current).ConfigureAwait(false);
                (current, ahead) = (ahead, current);
                first = next;
            }
        }
        finally
        {
            // The engine may still be writing to what it was given.
            await reading.ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
            ArrayPool<byte>.Shared.Return(current);
            ArrayPool<byte>.Shared.Return(ahead);
        }

        Task<int> ReadAsync(int first, byte[] buffer) =>
            first < count ? export.ReadAsync(first, buffer.AsMemory(0, runBytes), cancellationToken).AsTask() : Task.FromResult(0);

        async Task WriteRunAsync(int first, int units, byte[] buffer)
        {
            if (units == 0)
            {
                await WriteUnitAsync(output, first, default, cancellationToken).ConfigureAwait(false);
            }

            for (var i = 0; i < units; i++)
            {
                await WriteUnitAsync(output, first + i, buffer.AsMemory(i * unitBytes, unitBytes), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task WriteUnitAsync(Stream output, int index, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var frame = new byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32LittleEndian(frame, bytes.Length);
        await output.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await output.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Checksum.Of(bytes.Span, (uint)index + 1));
        await output.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
    }

    private static byte[] HeaderBytes(StateHeader header) => JsonSerializer.SerializeToUtf8Bytes(header, StateJson.Default.StateHeader);

    private static byte[] Head(StateHeader header)
    {
        var json = HeaderBytes(header);
        var bytes = new byte[StateFormat.PrefixBytes + json.Length + sizeof(uint)];
        StateFormat.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), header.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), json.Length);
        json.CopyTo(bytes, StateFormat.PrefixBytes);
        var end = bytes.Length - sizeof(uint);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(end), Checksum.Of(bytes.AsSpan(0, end)));
        return bytes;
    }

    private static byte[] Ids(ReadOnlySpan<int> ids)
    {
        var bytes = new byte[(ids.Length + 1) * sizeof(int)];
        MemoryMarshal.AsBytes(ids).CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ids.Length * sizeof(int)), Checksum.Of(bytes.AsSpan(0, ids.Length * sizeof(int))));
        return bytes;
    }
}
