using OrleansLM.Engine.Weights.PyTorch;
using OrleansLM.Engine.Weights.Safetensors;

namespace OrleansLM.Engine.Weights;

/// <summary>Finds and opens the weight files of a model folder. safetensors come before PyTorch files, a single file before shards, as in transformers.</summary>
internal static class CheckpointFiles
{
    private const string Safetensors = "model.safetensors";
    private const string Pytorch = "pytorch_model.bin";
    private const string IndexSuffix = ".index.json";

    /// <summary>True when the folder has weight files at all.</summary>
    public static bool Exist(string directory) => FindFormats(directory).Length > 0;

    /// <exception cref="CheckpointException">There are no weight files, or one of them is not valid.</exception>
    public static TensorDirectory Open(string directory, List<string> warnings)
    {
        var formats = FindFormats(directory);
        if (formats is [])
        {
            throw new CheckpointException($"{directory}: there are no weights; expected {Safetensors} or {Pytorch}, or an index of shards ({Safetensors}{IndexSuffix}, {Pytorch}{IndexSuffix}); {Present(directory)}");
        }

        if (formats.Length > 1)
        {
            warnings.Add($"the folder holds the weights in more than one form ({string.Join(", ", formats)}): {formats[0]} is read");
        }

        return formats[0].EndsWith(IndexSuffix, StringComparison.Ordinal)
            ? OpenShards(directory, ShardIndex.Read(Path.Combine(directory, formats[0])))
            : OpenAll([Path.Combine(directory, formats[0])], null);
    }

    /// <summary>Opens files of either format, told apart by their names.</summary>
    public static TensorDirectory OpenAll(IReadOnlyList<string> paths, IReadOnlyDictionary<string, string>? weightMap)
    {
        var files = new List<ITensorFile>();
        try
        {
            foreach (var path in paths)
            {
                files.Add(Open(path));
            }

            return new TensorDirectory(files, weightMap);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static ITensorFile Open(string path) =>
        path.EndsWith(".bin", StringComparison.Ordinal) || path.EndsWith(".pt", StringComparison.Ordinal) || path.EndsWith(".pth", StringComparison.Ordinal)
            ? PytorchFile.Open(path)
            : SafetensorsFile.Open(path);

    private static TensorDirectory OpenShards(string directory, IReadOnlyDictionary<string, string> weightMap)
    {
        var names = weightMap.Values.Distinct().Order(StringComparer.Ordinal).ToArray();
        var missing = names.Where(name => !File.Exists(Path.Combine(directory, name))).ToArray();
        return missing is []
            ? OpenAll([.. names.Select(name => Path.Combine(directory, name))], weightMap)
            : throw new CheckpointException($"{directory}: {missing.Length} of {names.Length} weight files that the index names are missing: {string.Join(", ", missing.Take(8))}");
    }

    private static string[] FindFormats(string directory)
    {
        string[] candidates = [Safetensors, Safetensors + IndexSuffix, Pytorch, Pytorch + IndexSuffix];
        return [.. candidates.Where(name => File.Exists(Path.Combine(directory, name)))];
    }

    private static string Present(string directory)
    {
        var names = Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).Take(12).ToArray();
        return names is [] ? "the folder is empty" : $"the folder has {string.Join(", ", names)}";
    }
}
