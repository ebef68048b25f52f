namespace OrleansLM.Engine.Weights;

/// <summary>The tensors of all files of a checkpoint by name. Owns the files.</summary>
internal sealed class TensorDirectory : IDisposable
{
    private readonly Dictionary<string, (ITensorFile File, StoredTensor Tensor)> _tensors = [];

    /// <exception cref="CheckpointException">Two files have a tensor of one name. The files stay the caller's then.</exception>
    public TensorDirectory(IReadOnlyList<ITensorFile> files)
    {
        Files = files;
        foreach (var file in files)
        {
            foreach (var tensor in file.Tensors.Values)
            {
                Add(file, tensor);
            }
        }
    }

    public IReadOnlyList<ITensorFile> Files { get; }

    public IReadOnlyCollection<string> Names => _tensors.Keys;

    public bool TryGet(string name, out (ITensorFile File, StoredTensor Tensor) found) => _tensors.TryGetValue(name, out found);

    /// <summary>The files' names, for errors.</summary>
    public string FileNames() => string.Join(", ", Files.Select(file => Path.GetFileName(file.Path)));

    public void Dispose()
    {
        foreach (var file in Files)
        {
            file.Dispose();
        }
    }

    private void Add(ITensorFile file, StoredTensor tensor)
    {
        if (!_tensors.TryAdd(tensor.Name, (file, tensor)))
        {
            throw new CheckpointException($"tensor '{tensor.Name}' stands in both {_tensors[tensor.Name].File.Path} and {file.Path}; expected it once");
        }
    }
}
