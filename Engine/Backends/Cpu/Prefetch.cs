using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Memory that will be needed next, fetched into the second-level cache bit by bit while something else is computed: attention reads its pages in an order
/// that the hardware does not foresee.
/// </summary>
internal unsafe struct Prefetch(byte* start, long bytes)
{
    private const int Line = 64;
    private readonly byte* _start = start;
    private long _bytes = bytes;

    /// <summary>All of it, for one who fetches it; nothing is left here.</summary>
    public Prefetch Take()
    {
        var all = this;
        _bytes = 0;
        return all;
    }

    /// <summary>Cuts it into shares of whole lines, to be fetched by <see cref="Bytes"/>.</summary>
    public readonly byte* Shares(int count, out long share)
    {
        share = count > 0 ? (_bytes / count + Line - 1) & -Line : 0;
        return _start;
    }

    /// <summary>
    /// Cuts it into as many steps as an inner loop has rounds, for <see cref="Step"/>: a burst of many lines would keep the loop's own loads waiting. With
    /// nothing to fetch the steps stay at one place.
    /// </summary>
    public readonly byte* Steps(long count, void* idle, out long step)
    {
        step = count > 0 ? (_bytes + count - 1) / count : 0;
        return _bytes > 0 ? _start : (byte*)idle;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(ref byte* fetch, long step)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(fetch);
            fetch += step;
        }
    }

    /// <returns>What comes behind.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Bytes(byte* start, long bytes)
    {
        var end = start + bytes;
        for (; Sse.IsSupported && start < end; start += Line)
        {
            Sse.Prefetch1(start);
        }

        return end;
    }
}
