namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Intermediate memory of the operators: one part that all threads see, and a part for each thread.</summary>
internal sealed unsafe class CpuScratch(int threads) : IDisposable
{
    private const int CacheLineFloats = 16;
    private readonly Scratch _shared = new();
    private readonly Scratch _perThread = new();

    /// <summary>At least <paramref name="floats"/> floats, valid until the next operator.</summary>
    public float* Shared(long floats) => _shared.Floats(floats);

    /// <summary>At least <paramref name="floats"/> floats for each thread; that of thread i begins at i · <paramref name="stride"/>.</summary>
    public float* PerThread(long floats, out long stride)
    {
        // An odd number of cache lines apart, so that the threads' parts do not fall on the same sets.
        stride = ((floats + CacheLineFloats - 1) / CacheLineFloats | 1) * CacheLineFloats;
        return _perThread.Floats(stride * threads);
    }

    public void Dispose()
    {
        _shared.Dispose();
        _perThread.Dispose();
    }
}
