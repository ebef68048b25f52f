using System.Runtime.InteropServices;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Gpu;

/// <summary>Random bf16 weights of any family in host memory, scaled to about unit gain; all layers share one layer's memory, the device has a copy for each.</summary>
internal sealed unsafe class RandomWeights : IWeights
{
    private readonly ModelConfig _config;
    private readonly Dictionary<WeightRole, nint> _data = [];

    public RandomWeights(ModelConfig config)
    {
        _config = config;
        var ids = WeightCatalog.All(config).ToArray();
        TotalBytes = ids.Sum(id => WeightCatalog.Shape(config, id).ElementCount * sizeof(ushort));
        foreach (var id in ids.DistinctBy(id => id.Role))
        {
            _data[id.Role] = (nint)NativeMemory.AlignedAlloc((nuint)(WeightCatalog.Shape(config, id).ElementCount * sizeof(ushort)), 4096);
            Fill(id);
        }
    }

    public long TotalBytes { get; }

    public HostTensor Get(WeightId id)
    {
        var shape = WeightCatalog.Shape(_config, id);
        return new HostTensor((byte*)_data[id.Role], DataType.BFloat16, shape.Rows, shape.Columns);
    }

    public void Dispose()
    {
        foreach (var data in _data.Values)
        {
            NativeMemory.AlignedFree((void*)data);
        }

        _data.Clear();
    }

    private void Fill(WeightId id)
    {
        var shape = WeightCatalog.Shape(_config, id);
        var data = (ushort*)_data[id.Role];
        var isNorm = id.Role is WeightRole.AttentionNorm or WeightRole.FeedForwardNorm or WeightRole.FinalNorm;
        var scale = isNorm ? 0 : 1.7f / MathF.Sqrt(shape.Columns);
        Parallel.For(0, shape.Rows, row =>
        {
            var state = (ulong)(row + 1) * 0x9E3779B97F4A7C15 + (ulong)id.Role * 0xD1B54A32D192ED03;
            for (var i = 0; i < shape.Columns; i++)
            {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                var uniform = (int)(state >> 40) / (float)(1 << 23) - 1;
                data[(long)row * shape.Columns + i] = (ushort)(BitConverter.SingleToUInt32Bits(isNorm ? 1f : uniform * scale) >> 16);
            }
        });
    }
}
