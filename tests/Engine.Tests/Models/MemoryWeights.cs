using System.Runtime.InteropServices;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Weights that a test wrote down.</summary>
internal sealed unsafe class MemoryWeights : IWeights
{
    private readonly Dictionary<WeightId, HostTensor> _tensors = [];

    public long TotalBytes => _tensors.Values.Sum(tensor => tensor.SizeInBytes);

    public void Add(WeightId id, DataType type, int rows, int columns, ReadOnlySpan<float> values)
    {
        var data = (byte*)NativeMemory.Alloc((nuint)(rows * columns * type.SizeInBytes()));
        for (var i = 0; i < values.Length; i++)
        {
            if (type == DataType.Float32)
            {
                ((float*)data)[i] = values[i];
            }
            else
            {
                ((ushort*)data)[i] = Float16Bits.FromSingle(values[i], type);
            }
        }

        _tensors.Add(id, new HostTensor(data, type, rows, columns));
    }

    public void Replace(WeightId id, int element, float value)
    {
        Assert.Equal(DataType.Float32, _tensors[id].Type);
        ((float*)_tensors[id].Data)[element] = value;
    }

    public HostTensor Get(WeightId id) => _tensors.TryGetValue(id, out var tensor) ? tensor : throw new CheckpointException($"no weight {id}");

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            NativeMemory.Free(tensor.Data);
        }

        _tensors.Clear();
    }
}
