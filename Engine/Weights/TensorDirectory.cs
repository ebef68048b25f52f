namespace OrleansLM.Engine.Weights;

/// <summary>The tensors of all files of a checkpoint by name. Owns the files.</summary>
internal sealed class TensorDirectory : IDisposable
{
    private static readonly Dictionary<string, string> EmptyMap = [];
    private readonly Dictionary<string, (ITensorFile File, StoredTensor Tensor)> _tensors = [];

    /// <param name="files">The directory owns them from now on.</param>
    /// <param name="weightMap">Which file (by name) holds which tensor; a tensor that another file holds too is taken from there. Null: every name stands in one file.</param>
    /// <exception cref="CheckpointException">Two files have a tensor of one name, or a file lacks one that the map promises. The files stay the caller's then.</exception>
    public TensorDirectory(IReadOnlyList<ITensorFile> files, IReadOnlyDictionary<string, string>? weightMap = null)
    {
        Files = files;
        foreach (var file in files)
        {
            var fileName = Path.GetFileName(file.Path);
            foreach (var tensor in file.Tensors.Values.Where(tensor => weightMap is null || weightMap.GetValueOrDefault(tensor.Name, fileName) == fileName))
            {
                Add(file, tensor);
            }
        }

        foreach (var (name, file) in weightMap ?? EmptyMap)
        {
            if (!_tensors.ContainsKey(name))
            {
                throw new CheckpointException($"{file}: has no tensor '{name}', which the index promises");
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
