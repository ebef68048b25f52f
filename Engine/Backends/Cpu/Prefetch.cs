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
    private readonly byte* _end = start + bytes;
    private readonly long _bytes = bytes;
    private byte* _next = start;

    /// <summary>Fetches one of <paramref name="parts"/> parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Part(int parts)
    {
        if (_next == _end || !Sse.IsSupported)
        {
            return;
        }

        var stop = _next + Math.Min(_end - _next, (_bytes / parts + Line - 1) & -Line);
        for (; _next < stop; _next += Line)
        {
            Sse.Prefetch1(_next);
        }

        _next = stop;
    }

    /// <summary>Takes the next lines for a loop that fetches two a round; when there are none left, one of <paramref name="idle"/> again and again.</summary>
    public byte* Lines(int lines, void* idle, out long step)
    {
        var first = _next;
        step = first < _end ? 2 * Line : 0;
        _next = first + Math.Min(_end - first, (long)lines * Line);
        return step > 0 ? first : (byte*)idle;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwoLines(ref byte* fetch, long step)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch1(fetch);
            Sse.Prefetch1(fetch + Line);
            fetch += step;
        }
    }

    /// <summary>Fetches so many lines at once.</summary>
    public static void Lines(byte* start, int lines)
    {
        for (var i = 0; Sse.IsSupported && i < lines; i++)
        {
            Sse.Prefetch1(start + i * Line);
        }
    }
}
