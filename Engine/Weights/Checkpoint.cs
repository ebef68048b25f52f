using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Weights;

/// <summary>A model folder, opened and checked: its config, and its weights mapped but not read.</summary>
public sealed class Checkpoint : IDisposable
{
    private readonly CheckpointWeights _weights;
    private readonly TensorDirectory _files;
    private readonly Lazy<string> _fingerprint;

    private Checkpoint(string name, CheckpointConfig config, TensorDirectory files, IEnumerable<string> warnings)
    {
        Name = name;
        Config = config.Model;
        DeclaredType = config.DeclaredType;
        _files = files;
        _weights = new CheckpointWeights(Config, files);
        _fingerprint = new Lazy<string>(() => WeightFingerprint.Of(Config, files, _weights.Used.Values));
        Warnings = [.. config.Warnings, .. warnings, .. UnusedWarning()];
    }

    /// <summary>The folder's own name.</summary>
    public string Name { get; }

    public ModelConfig Config { get; }

    /// <summary>What the config says the weights are; the files decide (<see cref="WeightTypes"/>).</summary>
    public DataType? DeclaredType { get; }

    public IWeights Weights => _weights;

    /// <summary>Hash of what decides the model's numbers: config, tensor names, shapes, types and a sample of every tensor. Computed at first use.</summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Elements of all tensors that the model needs; shared ones count once.</summary>
    public long ParameterCount => _weights.Used.Values.Sum(tensor => tensor.ElementCount);

    public long TotalBytes => _weights.TotalBytes;

    /// <summary>Element types of the weights, the one with most bytes first.</summary>
    public IReadOnlyList<DataType> WeightTypes =>
        [.. _weights.Used.Values.GroupBy(tensor => tensor.Type.ToDataType()!.Value).OrderByDescending(group => group.Sum(tensor => tensor.SizeInBytes)).Select(group => group.Key)];

    /// <summary>Paths of the weight files.</summary>
    public IReadOnlyList<string> Files => [.. _files.Files.Select(file => file.Path)];

    /// <summary>What was decided for the user and what they may want to know, as sentences.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Opens a model folder. Headers are read and checked, tensors are not touched.</summary>
    /// <exception cref="CheckpointException">The folder, its config or its weights cannot be used; the message says why.</exception>
    public static Checkpoint Open(string directory, CheckpointOptions? options = null)
    {
        RequireFolder(directory);
        var config = ConfigReader.Read(directory, options ?? new CheckpointOptions());
        var warnings = new List<string>();
        return Over(FolderName(directory), config, CheckpointFiles.Open(directory, warnings), warnings);
    }

    /// <summary>Opens weight files that lie apart from their config.</summary>
    /// <exception cref="CheckpointException">As <see cref="Open"/>.</exception>
    public static Checkpoint Over(string name, CheckpointConfig config, IReadOnlyList<string> weightFiles) =>
        Over(name, config, CheckpointFiles.OpenAll(weightFiles, null), []);

    /// <summary>The name that a model has: its folder's.</summary>
    public static string FolderName(string directory) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));

    /// <summary>False for a folder that has no weight files, in a form that is read; it may still have a config.</summary>
    /// <exception cref="CheckpointException">There is no such folder.</exception>
    public static bool HasWeights(string directory)
    {
        RequireFolder(directory);
        return CheckpointFiles.Exist(directory);
    }

    /// <summary>Bytes of one weight, without touching it.</summary>
    public long SizeInBytes(WeightId id) => _weights.SizeInBytes(id);

    public void Dispose() => _weights.Dispose();

    private static void RequireFolder(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new CheckpointException($"{directory}: {(File.Exists(directory) ? "is a file; expected a model folder" : "there is no such folder")}");
        }
    }

    private static Checkpoint Over(string name, CheckpointConfig config, TensorDirectory files, IReadOnlyList<string> warnings)
    {
        try
        {
            return new Checkpoint(name, config, files, warnings);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private IEnumerable<string> UnusedWarning()
    {
        if (_weights.Unused is { Count: > 0 } unused)
        {
            yield return $"{unused.Count} tensors are not used: {string.Join(", ", unused.Take(4))}{(unused.Count > 4 ? " …" : "")}";
        }
    }
}
