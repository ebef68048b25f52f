using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Device memory for what lives inside a step only, grown to the largest step, and tables that are kept.</summary>
internal sealed class Scratch(CudaContext context, CudaStream stream) : IDisposable
{
    private readonly Dictionary<string, DeviceMemory> _blocks = [];
    private readonly Dictionary<object, DeviceMemory> _tables = new(ReferenceEqualityComparer.Instance);

    /// <summary>Rises when a block moved.</summary>
    public int Generation { get; private set; }

    /// <summary>A block of at least so many bytes; zero when new, else as it was left.</summary>
    public ulong Block(string name, long bytes)
    {
        if (_blocks.TryGetValue(name, out var block) && block.Bytes >= bytes)
        {
            return block.Address;
        }

        var memory = new DeviceMemory(context, Math.Max(bytes, 2 * (block?.Bytes ?? 0)));
        if (block is not null)
        {
            stream.Synchronize();
            block.Dispose();
        }

        stream.Fill(memory.Address, 0, memory.Bytes);
        Generation++;
        _blocks[name] = memory;
        return memory.Address;
    }

    /// <summary>The values that <see cref="Table"/> was given for <paramref name="owner"/>.</summary>
    public bool TryTable(object owner, out ulong address)
    {
        address = _tables.TryGetValue(owner, out var table) ? table.Address : 0;
        return table is not null;
    }

    /// <summary>Values that belong to <paramref name="owner"/>, copied to the device when they are first asked for.</summary>
    public unsafe ulong Table(object owner, ReadOnlySpan<float> first, ReadOnlySpan<float> second = default)
    {
        if (_tables.TryGetValue(owner, out var table))
        {
            return table.Address;
        }

        var bytes = (first.Length + second.Length) * (long)sizeof(float);
        var memory = new DeviceMemory(context, bytes);
        using (var host = new PinnedMemory(context, bytes))
        {
            first.CopyTo(new Span<float>(host.Data, first.Length));
            second.CopyTo(new Span<float>(host.Data + first.Length * sizeof(float), second.Length));
            stream.CopyToDevice(memory.Address, host.Data, bytes);
            stream.Synchronize();
        }

        _tables[owner] = memory;
        return memory.Address;
    }

    public void Dispose()
    {
        foreach (var memory in _blocks.Values.Concat(_tables.Values))
        {
            memory.Dispose();
        }

        _blocks.Clear();
        _tables.Clear();
    }
}
