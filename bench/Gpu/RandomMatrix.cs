using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Gpu;

/// <summary>A random bf16 matrix in host memory: values in ±1.</summary>
internal sealed unsafe class RandomMatrix : IDisposable
{
    private readonly ushort* _data;
    private readonly int _rows;
    private readonly int _columns;

    public RandomMatrix(int rows, int columns)
    {
        (_rows, _columns) = (rows, columns);
        _data = (ushort*)NativeMemory.AlignedAlloc((nuint)rows * (nuint)columns * sizeof(ushort), 4096);
        Parallel.For(0, rows, row =>
        {
            var random = new Random(row);
            for (var i = 0; i < columns; i++)
            {
                _data[(long)row * columns + i] = Float16Bits.FromSingle(random.NextSingle() * 2 - 1, DataType.BFloat16);
            }
        });
    }

    public HostTensor Tensor => new((byte*)_data, DataType.BFloat16, _rows, _columns);

    public void CopyTo(IBackend backend, DeviceBuffer buffer) => backend.Write(buffer, 0, new ReadOnlySpan<byte>(_data, checked(_rows * _columns * sizeof(ushort))));

    public void Dispose() => NativeMemory.AlignedFree(_data);
}
