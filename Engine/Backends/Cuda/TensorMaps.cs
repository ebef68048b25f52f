using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// The tensor maps of matrices that kernels were launched with, by place and size. The copy engine stops the device at a map that is none, and a launch fetches several before it copies
/// them: none is given up but by <see cref="Trim"/>.
/// </summary>
internal sealed class TensorMaps(CudaContext context) : IDisposable
{
    private const int Limit = 1024;
    private const int Kept = 768;

    private readonly Dictionary<(ulong Address, long Rows, int Columns, int Box, int Panels), Entry> _maps = [];
    private long _uses;

    public int Count => _maps.Count;

    /// <param name="address">Of element [0, 0].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="box">Rows that are copied at a time.</param>
    public TensorMap Get(ulong address, long rows, int columns, int box = 64)
    {
        var key = (address, rows, columns, box, Panels: 0);
        return Use(_maps.TryGetValue(key, out var entry) ? entry : _maps[key] = new Entry(new TensorMap(context, address, rows, columns, box)));
    }

    /// <summary>As panels of 64 columns.</summary>
    /// <param name="address">Of element [0, 0].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row; a multiple of 64.</param>
    /// <param name="panels">That are copied at a time, of eight rows each.</param>
    public TensorMap GetPanels(ulong address, long rows, int columns, int panels)
    {
        var key = (address, rows, columns, Box: 0, panels);
        return Use(_maps.TryGetValue(key, out var entry) ? entry : _maps[key] = new Entry(new TensorMap(context, (address, rows, columns), panels)));
    }

    /// <summary>To be called behind a launch, which has copied its maps: when there are too many, those go that were not used for longest.</summary>
    public void Trim()
    {
        if (_maps.Count <= Limit)
        {
            return;
        }

        foreach (var (key, entry) in _maps.OrderBy(map => map.Value.LastUse).Take(_maps.Count - Kept).ToArray())
        {
            _maps.Remove(key);
            entry.Map.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var entry in _maps.Values)
        {
            entry.Map.Dispose();
        }

        _maps.Clear();
    }

    private TensorMap Use(Entry entry)
    {
        entry.LastUse = ++_uses;
        return entry.Map;
    }

    private sealed class Entry(TensorMap map)
    {
        public TensorMap Map => map;

        public long LastUse { get; set; }
    }
}
