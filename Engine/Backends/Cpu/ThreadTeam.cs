using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Threads that share the items of one operator at a time. The calling thread works too; the others join if they come in time and take items until
/// none is left, so that a helper without a core delays nobody: the caller waits only for those that are inside. Which thread takes which item
/// never changes a result. Idle helpers spin for some microseconds, the time between two operators, and then sleep.
/// <para>One thread at a time may call <see cref="Run"/>. An operator costs about a microsecond here and allocates nothing.</para>
/// </summary>
internal sealed unsafe class ThreadTeam : IDisposable
{
    private const long OpenFlag = 1L << 31;
    private const long SectionUnit = 1L << 32;
    private const int SpinMicroseconds = 50;

    private readonly Thread[] _helpers;
    private readonly object _bed = new();
    private Shared _shared;
    private delegate*<void*, int, int, void> _work;
    private void* _context;
    private int _items;
    private int _sleeping;
    private volatile bool _stopping;

    /// <param name="threads">Threads in all, the caller included; at least 1.</param>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _helpers = new Thread[threads - 1];
        for (var i = 0; i < _helpers.Length; i++)
        {
            _helpers[i] = new Thread(Help) { IsBackground = true, Name = $"cpu backend {i + 1}" };
            _helpers[i].Start(i + 1);
        }
    }

    /// <summary>Threads in all.</summary>
    public int Count => _helpers.Length + 1;

    /// <summary>Helpers that use no processor time at present.</summary>
    public int SleepingHelpers => Volatile.Read(ref _sleeping);

    /// <summary>
    /// Calls <paramref name="work"/>(context, item, thread) for every item in [0, <paramref name="items"/>), thread in [0, <see cref="Count"/>), and returns
    /// when all are done. The work must not throw.
    /// </summary>
    public void Run(delegate*<void*, int, int, void> work, void* context, int items)
    {
        if (_helpers.Length == 0 || items <= 1)
        {
            for (var item = 0; item < items; item++)
            {
                work(context, item, 0);
            }

            return;
        }

        Open(work, context, items);
        TakeItems(0);
        Close();
    }

    public void Dispose()
    {
        _stopping = true;
        lock (_bed)
        {
            Monitor.PulseAll(_bed);
        }

        foreach (var helper in _helpers)
        {
            helper.Join();
        }
    }

    private void Open(delegate*<void*, int, int, void> work, void* context, int items)
    {
        _work = work;
        _context = context;
        _items = items;
        _shared.Next = 0;
        var state = Volatile.Read(ref _shared.State);
        Interlocked.Exchange(ref _shared.State, ((state & -SectionUnit) + SectionUnit) | OpenFlag);
        // The exchange is a full fence: a helper that went to sleep before it saw the new section is counted here.
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_bed)
            {
                Monitor.PulseAll(_bed);
            }
        }
    }

    private void Close()
    {
        Interlocked.And(ref _shared.State, ~OpenFlag);
        var wait = new SpinWait();
        var patience = 2000;
        while ((int)Volatile.Read(ref _shared.State) != 0)
        {
            if (patience-- > 0)
            {
                Thread.SpinWait(4);
            }
            else
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    private void TakeItems(int thread)
    {
        int item;
        while ((item = Interlocked.Increment(ref _shared.Next) - 1) < _items)
        {
            _work(_context, item, thread);
        }
    }

    private void Help(object? index)
    {
        var thread = (int)index!;
        long seen = 0;
        while (AwaitSection(ref seen))
        {
            if (Enter(seen))
            {
                TakeItems(thread);
                Interlocked.Decrement(ref _shared.State);
            }
        }
    }

    /// <summary>Joins the section <paramref name="seen"/> unless it is closed or over.</summary>
    private bool Enter(long seen)
    {
        while (true)
        {
            var state = Volatile.Read(ref _shared.State);
            if ((state & -SectionUnit) != seen || (state & OpenFlag) == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _shared.State, state + 1, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>Waits for a section other than <paramref name="seen"/>; false when the team is dissolved.</summary>
    private bool AwaitSection(ref long seen)
    {
        var started = Stopwatch.GetTimestamp();
        while (!_stopping)
        {
            var section = Volatile.Read(ref _shared.State) & -SectionUnit;
            if (section != seen)
            {
                seen = section;
                return true;
            }

            Thread.SpinWait(8);
            if (Stopwatch.GetTimestamp() - started > SpinMicroseconds * Stopwatch.Frequency / 1_000_000)
            {
                Sleep(seen);
            }
        }

        return false;
    }

    private void Sleep(long seen)
    {
        lock (_bed)
        {
            Interlocked.Increment(ref _sleeping);
            while (!_stopping && (Volatile.Read(ref _shared.State) & -SectionUnit) == seen)
            {
                Monitor.Wait(_bed);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }

    /// <summary>Words that several threads write, each on a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Shared
    {
        /// <summary>Section number · 2^32, the open flag 2^31, and below it the number of helpers inside.</summary>
        [FieldOffset(64)]
        public long State;

        [FieldOffset(128)]
        public int Next;
    }
}
