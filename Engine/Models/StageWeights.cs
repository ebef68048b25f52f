using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>Loads the weights of one stage and owns them. A weight that is asked for twice (tied embeddings, a shared feature map) is loaded once.</summary>
internal sealed class StageWeights(IWeights source, IBackend backend, bool validate) : IDisposable
{
    private readonly Dictionary<WeightId, Weight> _loaded = [];

    /// <exception cref="CheckpointException">Missing, of a wrong shape, or not finite.</exception>
    public Weight Load(WeightRole role, int rows, int columns, int layer = -1)
    {
        var id = new WeightId(role, layer);
        if (_loaded.TryGetValue(id, out var weight))
        {
            return weight;
        }

        var tensor = source.Get(id);
        RequireShape(id, tensor, rows, columns);
        if (validate)
        {
            NonFiniteScan.Require(id, tensor);
        }

        return _loaded[id] = backend.LoadWeight(tensor);
    }

    public Weight LoadVector(WeightRole role, int length, int layer = -1) => Load(role, 1, length, layer);

    public void Dispose()
    {
        foreach (var weight in _loaded.Values)
        {
            weight.Dispose();
        }

        _loaded.Clear();
    }

    private static void RequireShape(WeightId id, HostTensor tensor, int rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new CheckpointException($"weight {id} is [{tensor.Rows}, {tensor.Columns}]; expected [{rows}, {columns}]");
        }
    }
}
