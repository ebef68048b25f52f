namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Memory of one owner for intermediate results: grows to the largest request and stays, so that a warm operator allocates nothing.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private AlignedBlock? _block;

    /// <summary>At least <paramref name="count"/> floats; what was there before is lost when it grows.</summary>
    public float* Floats(long count)
    {
        var bytes = count * sizeof(float);
        if (_block is null || _block.Bytes < bytes)
        {
            _block?.Dispose();
            _block = null;
            _block = new AlignedBlock(bytes + bytes / 4);
        }

        return (float*)_block.Data;
    }

    public void Dispose() => _block?.Dispose();
}
