using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Tests.Runtime;

internal sealed partial class HashChain
{
    public long UnitBytes => (pageTokens + 1) * sizeof(long);

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination)
    {
        MemoryMarshal.AsBytes(_cells.AsSpan(unit * pageTokens, pageTokens)).CopyTo(destination.Span);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Span[(pageTokens * sizeof(long))..], _slots[unit]);
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source)
    {
        source.Span[..(pageTokens * sizeof(long))].CopyTo(MemoryMarshal.AsBytes(_cells.AsSpan(unit * pageTokens, pageTokens)));
        _slots[unit] = BinaryPrimitives.ReadUInt64LittleEndian(source.Span[(pageTokens * sizeof(long))..]);
        return ValueTask.CompletedTask;
    }
}
