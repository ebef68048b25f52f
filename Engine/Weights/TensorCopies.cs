using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Weights;

/// <summary>Addresses of tensors as contiguous, aligned rows: in the mapped file where it already has them so, else in memory of its own.</summary>
internal sealed unsafe class TensorCopies : IDisposable
{
    private const int Alignment = 64;
    private readonly Lock _gate = new();
    private readonly Dictionary<(ITensorFile File, string Name), nint> _copies = [];
    private bool _disposed;

    /// <returns>Where it lies, and whether that is the mapped file itself.</returns>
    public TensorAddress AddressOf(ITensorFile file, StoredTensor tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var mapped = file.Map() + tensor.FileOffset;
        var isAligned = tensor.FileOffset % (tensor.Type.SizeInBits() / 8) == 0;
        return tensor.Strides is null && isAligned ? new TensorAddress(mapped, isMapped: true) : new TensorAddress(Copy(file, tensor, mapped), isMapped: false);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var copy in _copies.Values)
            {
                NativeMemory.AlignedFree((void*)copy);
            }

            _copies.Clear();
        }
    }

    private byte* Copy(ITensorFile file, StoredTensor tensor, byte* source)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_copies.TryGetValue((file, tensor.Name), out var copy))
            {
                copy = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(tensor.SizeInBytes, 1), Alignment);
                _copies.Add((file, tensor.Name), copy);
                Gather(tensor, source, (byte*)copy);
            }

            return (byte*)copy;
        }
    }

    private static void Gather(StoredTensor tensor, byte* source, byte* target)
    {
        if (tensor.Strides is null)
        {
            NativeMemory.Copy(source, target, (nuint)tensor.SizeInBytes);
            return;
        }

        var size = tensor.Type.SizeInBits() / 8;
        var (rows, columns) = tensor.Shape is [var first, var second] ? (first, second) : (1, tensor.Shape[^1]);
        var rowStep = tensor.Strides.Count == 2 ? tensor.Strides[0] * size : 0;
        var columnStep = tensor.Strides[^1] * size;
        for (var row = 0L; row < rows; row++)
        {
            for (var column = 0L; column < columns; column++, target += size)
            {
                NativeMemory.Copy(source + row * rowStep + column * columnStep, target, (nuint)size);
            }
        }
    }
}
