using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights.Naming;

namespace OrleansLM.Engine.Weights;

/// <summary>
/// The weights of one model over its files. Presence, shapes and types of all of them are checked when it is made, from the headers alone; a tensor's
/// bytes are touched by whoever reads them. A tensor that is not contiguous, or not aligned to its element, is copied once, at its first use.
/// </summary>
internal sealed unsafe class CheckpointWeights : IWeights
{
    private readonly ModelConfig _config;
    private readonly TensorDirectory _tensors;
    private readonly TensorNaming _naming;
    private readonly TensorCopies _copies = new();

    /// <exception cref="CheckpointException">A weight is missing, or has another shape or a type that the engine does not read. The directory stays the caller's then.</exception>
    public CheckpointWeights(ModelConfig config, TensorDirectory tensors)
    {
        _config = config;
        _tensors = tensors;
        _naming = TensorNaming.For(config, tensors.Names, tensors.FileNames());
        Used = Check();
        Unused = [.. tensors.Names.Where(name => !Used.ContainsKey(name) && !_naming.IsIgnorable(name)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The tensors that the model needs, by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Used { get; }

    /// <summary>Names of tensors that the model does not need, apart from those that such checkpoints usually hold.</summary>
    public IReadOnlyList<string> Unused { get; }

    public long TotalBytes => Used.Values.Sum(tensor => tensor.SizeInBytes);

    public HostTensor Get(WeightId id)
    {
        var shape = WeightCatalog.Shape(_config, id);
        var source = _naming.Source(WeightCatalog.Stored(_config, id));
        var (file, tensor) = Find(id, source);
        var address = _copies.AddressOf(file, tensor);
        var whole = new HostTensor(
            address.Data, tensor.Type.ToDataType()!.Value, source.Stored.Rows, source.Stored.Columns, address.IsMapped ? file : null, tensor.FileOffset);
        return whole.SliceRows(source.FirstRow, shape.Rows);
    }

    /// <summary>Bytes of one weight, without touching it.</summary>
    public long SizeInBytes(WeightId id)
    {
        var (_, tensor) = Find(id, _naming.Source(WeightCatalog.Stored(_config, id)));
        return WeightCatalog.Shape(_config, id).ElementCount * tensor.Type.SizeInBits() / 8;
    }

    public void Dispose()
    {
        _copies.Dispose();
        _tensors.Dispose();
    }

    private Dictionary<string, StoredTensor> Check()
    {
        var used = new Dictionary<string, StoredTensor>();
        foreach (var id in WeightCatalog.All(_config))
        {
            var (_, tensor) = Find(id, _naming.Source(WeightCatalog.Stored(_config, id)));
            used[tensor.Name] = tensor;
        }

        return used;
    }

    private (ITensorFile File, StoredTensor Tensor) Find(WeightId id, WeightSource source)
    {
        if (!_tensors.TryGet(source.Name, out var found))
        {
            throw new CheckpointException($"{id}: no tensor '{source.Name}' in {_tensors.FileNames()}");
        }

        var (file, tensor) = found;
        if (!source.Stored.Matches(tensor.Shape))
        {
            throw new CheckpointException($"{file.Path}: tensor '{tensor.Name}' ({id}) has shape {tensor.ShapeText}; the config makes it {source.Stored}");
        }

        return tensor.Type.ToDataType() is not null
            ? found
            : throw new CheckpointException($"{file.Path}: tensor '{tensor.Name}' ({id}) holds {tensor.Type}; expected Float32, BFloat16 or Float16");
    }
}
