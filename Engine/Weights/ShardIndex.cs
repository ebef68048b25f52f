using System.Text.Json;

namespace OrleansLM.Engine.Weights;

/// <summary><c>model.safetensors.index.json</c> or <c>pytorch_model.bin.index.json</c> (spec §5.2): which file of the folder holds which tensor.</summary>
internal static class ShardIndex
{
    private const int MaxBytes = 64 << 20;

    /// <summary>Tensor name → file name.</summary>
    /// <exception cref="CheckpointException">The index is not valid, or a file name in it leads out of the folder.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        using var document = JsonText.ReadObject(path, MaxBytes);
        if (!document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{path}: weight_map is missing or no object; expected file names by tensor name");
        }

        try
        {
            return map.EnumerateObject().ToDictionary(entry => entry.Name, entry => FileName(entry, path));
        }
        catch (InvalidOperationException failure)
        {
            throw new CheckpointException($"{path}: weight_map has an escape that is no character: {failure.Message}", failure);
        }
    }

    private static string FileName(JsonProperty entry, string path)
    {
        var name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
        return IsPlain(name)
            ? name
            : throw new CheckpointException($"{path}: tensor '{entry.Name}' is said to stand in {entry.Value.GetRawText()}; expected the plain name of a file in the same folder");
    }

    private static bool IsPlain(string name) => name is not ("" or "." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0 && name.Length <= 255;
}
