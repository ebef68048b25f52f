using System.Text.Json;
using System.Text.Unicode;

namespace OrleansLM.Engine.Weights;

/// <summary>JSON files of a model folder, parsed strictly: UTF-8, one object, no key twice.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <exception cref="CheckpointException">The file is larger than <paramref name="maxBytes"/>, cannot be read, or is no JSON object.</exception>
    public static JsonDocument ReadObject(string path, int maxBytes)
    {
        using var file = MappedFile.Open(path);
        return file.Length <= maxBytes
            ? ParseObject(file.Read(0, (int)file.Length), path)
            : throw new CheckpointException($"{path}: has {file.Length} bytes; expected at most {maxBytes}");
    }

    public static JsonDocument ParseObject(ReadOnlyMemory<byte> json, string source)
    {
        if (json.Span.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        if (!Utf8.IsValid(json.Span))
        {
            throw new CheckpointException($"{source}: is not valid UTF-8");
        }

        try
        {
            var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            throw new CheckpointException($"{source}: is not a JSON object");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape such as \ud800 that is not a character.
            throw new CheckpointException($"{source}: is not valid JSON: {failure.Message}", failure);
        }
    }
}
