using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>The tensor maps of matrices that kernels were launched with, by place and size; the oldest goes when there are too many.</summary>
internal sealed class TensorMaps(CudaContext context) : IDisposable
{
    private const int Limit = 1024;
    private readonly Dictionary<(ulong Address, long Rows, int Columns, int Box), TensorMap> _maps = [];
    private readonly Queue<(ulong Address, long Rows, int Columns, int Box)> _order = [];

    /// <param name="address">Of element [0, 0].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="box">Rows that are copied at a time.</param>
    public TensorMap Get(ulong address, long rows, int columns, int box = 64)
    {
        var key = (address, rows, columns, box);
        if (!_maps.TryGetValue(key, out var map))
        {
            Trim();
            _maps[key] = map = new TensorMap(context, address, rows, columns, box);
            _order.Enqueue(key);
        }

        return map;
    }

    public void Dispose()
    {
        foreach (var map in _maps.Values)
        {
            map.Dispose();
        }

        _maps.Clear();
        _order.Clear();
    }

    private void Trim()
    {
        // A launch copies the map, so one that was used may go at any time.
        while (_maps.Count >= Limit && _order.TryDequeue(out var oldest))
        {
            _maps.Remove(oldest, out var map);
            map?.Dispose();
        }
    }
}
