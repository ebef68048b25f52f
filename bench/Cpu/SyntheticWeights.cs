using System.Runtime.InteropServices;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>Random bf16 weights of a Llama or SUPRA shape in memory, scaled so that activations stay ordinary numbers.</summary>
internal sealed unsafe class SyntheticWeights : IWeights
{
    private readonly ModelConfig _config;
    private readonly Dictionary<WeightId, long> _offsets = [];
    private readonly ushort* _data;

    public SyntheticWeights(ModelConfig config)
    {
        _config = config;
        long elements = 0;
        foreach (var id in Ids(config))
        {
            var (rows, columns) = Shape(id.Role);
            _offsets[id] = elements;
            elements += (long)rows * columns;
        }

        TotalBytes = elements * sizeof(ushort);
        _data = (ushort*)NativeMemory.AlignedAlloc((nuint)TotalBytes, 4096);
        Parallel.ForEach(_offsets, pair => Fill(pair.Key));
    }

    public long TotalBytes { get; }

    public HostTensor Get(WeightId id)
    {
        var (rows, columns) = Shape(id.Role);
        return _offsets.TryGetValue(id, out var offset)
            ? new HostTensor((byte*)(_data + offset), DataType.BFloat16, rows, columns)
            : throw new CheckpointException($"the synthetic model has no weight {id}");
    }

    public void Dispose() => NativeMemory.AlignedFree(_data);

    private static IEnumerable<WeightId> Ids(ModelConfig config)
    {
        WeightRole[] layer =
        [
            WeightRole.AttentionNorm, WeightRole.Query, WeightRole.Key, WeightRole.Value, WeightRole.AttentionOutput,
            WeightRole.FeedForwardNorm, WeightRole.Gate, WeightRole.Up, WeightRole.Down,
        ];
        if (config.Family == ModelFamily.Supra)
        {
            layer = [.. layer, WeightRole.QueryFeatureMap, WeightRole.QueryFeatureMapBias, WeightRole.KeyFeatureMap, WeightRole.KeyFeatureMapBias];
        }

        var layers = Enumerable.Range(0, config.LayerCount).SelectMany(l => layer.Select(role => new WeightId(role, l)));
        return layers.Append(new(WeightRole.FinalNorm)).Append(new(WeightRole.Output)).Append(new(WeightRole.TokenEmbedding));
    }

    private (int Rows, int Columns) Shape(WeightRole role)
    {
        var (hidden, queries, keys) = (_config.HiddenSize, _config.HeadCount * _config.HeadDim, _config.KeyValueHeadCount * _config.HeadDim);
        return role switch
        {
            WeightRole.Query => (queries, hidden),
            WeightRole.Key or WeightRole.Value => (keys, hidden),
            WeightRole.AttentionOutput => (hidden, queries),
            WeightRole.QueryFeatureMap => (queries, queries),
            WeightRole.KeyFeatureMap => (keys, keys),
            WeightRole.QueryFeatureMapBias => (1, queries),
            WeightRole.KeyFeatureMapBias => (1, keys),
            WeightRole.Gate or WeightRole.Up => (_config.IntermediateSize, hidden),
            WeightRole.Down => (hidden, _config.IntermediateSize),
            WeightRole.TokenEmbedding or WeightRole.Output => (_config.VocabularySize, hidden),
            _ => (1, hidden),
        };
    }

    private void Fill(WeightId id)
    {
        var (rows, columns) = Shape(id.Role);
        var start = _data + _offsets[id];
        var isNorm = rows == 1;
        // Uniform in ±1.7 / sqrt(K): about unit gain. The low bits of a bf16 in [1, 2) are its fraction, so a product with that scale is enough.
        var scale = isNorm ? 1f : 1.7f / MathF.Sqrt(columns);
        var state = (ulong)id.GetHashCode() * 2654435761 + 88172645463325252;
        for (long i = 0; i < (long)rows * columns; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            var uniform = (int)(state >> 40) / (float)(1 << 23) - 1;
            start[i] = (ushort)(BitConverter.SingleToUInt32Bits(isNorm ? 1f : uniform * scale) >> 16);
        }
    }
}
