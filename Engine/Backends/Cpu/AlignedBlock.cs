using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Zeroed memory outside the managed heap, 64-byte aligned. Pages become resident when they are first touched.</summary>
internal sealed unsafe class AlignedBlock : IDisposable
{
    private const nuint Alignment = 64;
    private readonly byte* _data;
    private byte* _allocation;

    /// <exception cref="OutOfMemoryException">Refused beforehand when the process may not have that much: Linux would only fail on first touch.</exception>
    public AlignedBlock(long bytes)
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (limit > 0 && bytes > limit)
        {
            throw new InsufficientMemoryException($"{bytes} bytes asked for, but this process may use {limit} bytes");
        }

        Bytes = bytes;
        _allocation = (byte*)NativeMemory.AllocZeroed((nuint)bytes + Alignment);
        _data = (byte*)(((nuint)_allocation + Alignment - 1) & ~(Alignment - 1));
    }

    ~AlignedBlock() => Free();

    public long Bytes { get; }

    public byte* Data => _allocation is null ? throw new ObjectDisposedException(nameof(AlignedBlock)) : _data;

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_allocation);
        _allocation = null;
    }
}
