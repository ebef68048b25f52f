using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.State;

/// <summary>The memory behind the pages or slots of one stage: a store for each of its layers on its backend, allocated once.</summary>
public sealed class StageState : IDisposable
{
    private const int OnStack = 64;

    private readonly IBackend _backend;
    private readonly KeyValueLayer[] _keyValues = [];
    private readonly RecurrentLayer[] _recurrents = [];
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly long _unitElements;
    private readonly int _units;

    /// <param name="backend">Whose memory it is.</param>
    /// <param name="spec">What each layer remembers.</param>
    /// <param name="layers">Layers of the stage.</param>
    /// <param name="units">Pages or slots.</param>
    /// <exception cref="OutOfMemoryException">The device has not that much memory; nothing stays allocated.</exception>
    public StageState(IBackend backend, LayerStateSpec spec, int layers, int units)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        _backend = backend;
        _units = units;
        Spec = spec;
        try
        {
            if (spec is PagedSpec paged)
            {
                _unitElements = paged.PageElements;
                _keyValues = NewLayers(layers, () => KeyValueLayer(paged, units));
            }
            else
            {
                var recurrent = (RecurrentSpec)spec;
                _unitElements = recurrent.SlotElements;
                _recurrents = NewLayers(layers, () => RecurrentLayer(recurrent, units));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public LayerStateSpec Spec { get; }

    /// <summary>Bytes of one page or slot, all layers of the stage: what <see cref="ReadUnit"/> and <see cref="WriteUnit"/> move.</summary>
    public long UnitBytes => Spec.UnitBytes * Math.Max(_keyValues.Length, _recurrents.Length);

    /// <summary>Bytes allocated.</summary>
    public long SizeInBytes => _buffers.Sum(buffer => buffer.SizeInBytes);

    /// <param name="layer">Index within the stage.</param>
    public KeyValueLayer KeyValues(int layer) => _keyValues[layer];

    /// <param name="layer">Index within the stage.</param>
    public RecurrentLayer Recurrent(int layer) => _recurrents[layer];

    /// <summary>Carries out a step's copies in every layer, in order: a later one may read what an earlier one wrote.</summary>
    public void Apply(ReadOnlySpan<StateCopy> copies)
    {
        foreach (var copy in copies)
        {
            foreach (var buffer in _buffers)
            {
                Apply(copy, buffer);
            }
        }
    }

    /// <summary>
    /// Brings a page (or slot) to the host, after everything queued: layer after layer, for pages the layer's keys and then its values, in the
    /// layout of the stores and the element type of the spec, little-endian.
    /// </summary>
    /// <param name="unit">Page or slot.</param>
    /// <param name="destination"><see cref="UnitBytes"/> long.</param>
    public void ReadUnit(int unit, Span<byte> destination) => ReadUnits([unit], destination);

    /// <summary>Several at once, one after the other: faster than one by one where the memory is a device's.</summary>
    /// <param name="units">Pages or slots; at least one.</param>
    /// <param name="destination"><see cref="UnitBytes"/> for each.</param>
    public void ReadUnits(ReadOnlySpan<int> units, Span<byte> destination)
    {
        Span<long> starts = units.Length <= OnStack ? stackalloc long[units.Length] : new long[units.Length];
        Starts(units, destination.Length, starts);
        _backend.ReadAll(_buffers, starts, destination);
    }

    /// <summary>Puts back what <see cref="ReadUnit"/> read, here or in another stage of the same layers, spec and element type.</summary>
    public void WriteUnit(int unit, ReadOnlySpan<byte> source) => WriteUnits([unit], source);

    /// <summary>Puts back what <see cref="ReadUnits"/> read.</summary>
    public void WriteUnits(ReadOnlySpan<int> units, ReadOnlySpan<byte> source)
    {
        Span<long> starts = units.Length <= OnStack ? stackalloc long[units.Length] : new long[units.Length];
        Starts(units, source.Length, starts);
        _backend.WriteAll(_buffers, starts, source);
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }

        _buffers.Clear();
    }

    /// <summary>The first element of each unit.</summary>
    private void Starts(ReadOnlySpan<int> units, long bytes, Span<long> starts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(units.Length, 1);
        for (var i = 0; i < units.Length; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(units[i]);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(units[i], _units);
            starts[i] = units[i] * _unitElements;
        }

        if (bytes != UnitBytes * units.Length)
        {
            throw new ArgumentException($"{bytes} bytes for {units.Length} units of {UnitBytes} ({Spec})");
        }
    }

    private void Apply(StateCopy copy, DeviceBuffer buffer)
    {
        if (copy.From < 0)
        {
            _backend.Clear(buffer, copy.To * _unitElements, _unitElements);
        }
        else
        {
            _backend.Copy(buffer, copy.From * _unitElements, copy.To * _unitElements, _unitElements);
        }
    }

    private static T[] NewLayers<T>(int count, Func<T> create)
    {
        var layers = new T[count];
        for (var i = 0; i < count; i++)
        {
            layers[i] = create();
        }

        return layers;
    }

    private KeyValueLayer KeyValueLayer(PagedSpec spec, int pages)
    {
        var keys = Allocate(spec.Type, spec.PageElements * pages);
        var values = Allocate(spec.Type, spec.PageElements * pages);
        return new KeyValueLayer(keys, values, pages, spec.PageTokens, spec.KeyValueHeads, spec.HeadDim);
    }

    private RecurrentLayer RecurrentLayer(RecurrentSpec spec, int slots)
        => new(
            Allocate(DataType.Float32, spec.SlotElements * slots), slots, spec.Heads, spec.KeyValueHeads, spec.HeadDim, spec.ChunkTokens, spec.OpenType, spec.SlotElements);

    private DeviceBuffer Allocate(DataType type, long length)
    {
        var buffer = _backend.Allocate(type, length);
        _buffers.Add(buffer);
        return buffer;
    }
}
