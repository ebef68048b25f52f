using System.Buffers;

namespace Grpc.Net.Wire;

/// <summary>Bytes written so far, in an array from the shared pool.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _array = [];
    private int _written;

    public ReadOnlyMemory<byte> Written => _array.AsMemory(0, _written);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _array.Length - _written);
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _array.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Makes room for <paramref name="count"/> more bytes at once.</summary>
    public void Reserve(int count)
    {
        if (_array.Length - _written >= count)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_written + count, Math.Max(1024, _array.Length * 2)));
        _array.AsSpan(0, _written).CopyTo(larger);
        Return();
        _array = larger;
    }

    public void Dispose()
    {
        Return();
        _array = [];
        _written = 0;
    }

    private void Return()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}
