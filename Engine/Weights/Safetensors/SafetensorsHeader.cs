using System.Text.Json;
using System.Text.Unicode;

namespace OrleansLM.Engine.Weights.Safetensors;

/// <summary>
/// The JSON header of a safetensors file (spec §5.1): <c>name → {dtype, shape, data_offsets}</c> and an optional <c>__metadata__</c>. Tensors must tile
/// the data exactly: no hole, no overlap, nothing behind the last one.
/// </summary>
internal static class SafetensorsHeader
{
    private const string MetadataKey = "__metadata__";
    private const int MaxDepth = 8;
    private const int MaxRank = 16;

    /// <param name="json">The header without its length.</param>
    /// <param name="file">Named in errors.</param>
    /// <param name="dataStart">Where the data begins, in bytes from the start of the file.</param>
    /// <param name="dataBytes">Bytes of data in the file.</param>
    /// <exception cref="CheckpointException">What is wrong, at which byte or tensor.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Parse(ReadOnlySpan<byte> json, string file, long dataStart, long dataBytes)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw new CheckpointException($"{file}: the header does not begin with '{{'; this is not a safetensors file");
        }

        if (!Utf8.IsValid(json))
        {
            throw new CheckpointException($"{file}: the header is not valid UTF-8");
        }

        try
        {
            var tensors = ReadTensors(json, file, dataStart, dataBytes);
            CheckTiling(tensors.Values, file, dataStart, dataBytes);
            return tensors;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape such as \ud800 that is not a character.
            throw new CheckpointException($"{file}: the header is not valid JSON: {failure.Message}", failure);
        }
    }

    private static Dictionary<string, StoredTensor> ReadTensors(ReadOnlySpan<byte> json, string file, long dataStart, long dataBytes)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        var tensors = new Dictionary<string, StoredTensor>();
        var sawMetadata = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == MetadataKey && !sawMetadata)
            {
                sawMetadata = true;
                CheckMetadata(ref reader, file);
            }
            else if (name == MetadataKey || !tensors.TryAdd(name, ReadTensor(ref reader, file, name, dataStart, dataBytes)))
            {
                throw new CheckpointException($"{file}: '{name}' stands in the header twice");
            }
        }

        while (reader.Read())
        {
            // Only white space may follow the object: anything else throws.
        }

        return tensors;
    }

    private static void CheckMetadata(ref Utf8JsonReader reader, string file)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new CheckpointException($"{file}: {MetadataKey} is not an object; expected strings by name");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw new CheckpointException($"{file}: {MetadataKey}.{key} is not a string");
            }
        }
    }

    private static StoredTensor ReadTensor(ref Utf8JsonReader reader, string file, string name, long dataStart, long dataBytes)
    {
        string? dtype = null;
        long[]? shape = null, offsets = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new CheckpointException($"{file}: tensor '{name}' is not an object; expected {{dtype, shape, data_offsets}}");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            var repeated = key switch
            {
                "dtype" => !Once(ref dtype, ReadString(ref reader, file, name)),
                "shape" => !Once(ref shape, ReadIntegers(ref reader, file, name, key)),
                "data_offsets" => !Once(ref offsets, ReadIntegers(ref reader, file, name, key)),
                _ => !reader.TrySkip(),
            };
            if (repeated)
            {
                throw new CheckpointException($"{file}: tensor '{name}' has '{key}' twice");
            }
        }

        var extent = new Extent(dtype, shape, offsets);
        return extent.ToTensor(file, name, dataStart, dataBytes);
    }

    private static bool Once<T>(ref T? slot, T value)
        where T : class
    {
        var first = slot is null;
        slot = value;
        return first;
    }

    private static string ReadString(ref Utf8JsonReader reader, string file, string name) =>
        reader.TokenType == JsonTokenType.String
            ? reader.GetString()!
            : throw new CheckpointException($"{file}: tensor '{name}': dtype is not a string");

    private static long[] ReadIntegers(ref Utf8JsonReader reader, string file, string name, string key)
    {
        var values = new List<long>();
        var valid = reader.TokenType == JsonTokenType.StartArray;
        while (valid && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            valid = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value) && value >= 0 && values.Count < MaxRank;
            values.Add(valid ? reader.GetInt64() : 0);
        }

        return valid ? [.. values] : throw new CheckpointException($"{file}: tensor '{name}': {key} is not an array of at most {MaxRank} whole numbers from 0 on");
    }

    private static void CheckTiling(IEnumerable<StoredTensor> tensors, string file, long dataStart, long dataBytes)
    {
        var expected = dataStart;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.FileOffset).ThenBy(tensor => tensor.SizeInBytes))
        {
            if (tensor.FileOffset != expected)
            {
                var fault = tensor.FileOffset < expected ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new CheckpointException($"{file}: tensor '{tensor.Name}' begins at data byte {tensor.FileOffset - dataStart} and {fault}; expected byte {expected - dataStart}");
            }

            expected += tensor.SizeInBytes;
        }

        if (expected != dataStart + dataBytes)
        {
            throw new CheckpointException($"{file}: the tensors end at data byte {expected - dataStart}, but the file has {dataBytes} bytes of data");
        }
    }

    /// <summary>What the header says about one tensor, before it is believed.</summary>
    private readonly record struct Extent(string? Dtype, long[]? Shape, long[]? Offsets)
    {
        public StoredTensor ToTensor(string file, string name, long dataStart, long dataBytes)
        {
            var type = SafetensorsTypes.Parse(Dtype ?? throw Missing("dtype"))
                ?? throw new CheckpointException($"{file}: tensor '{name}': dtype '{Dtype}' is not known; expected one of {SafetensorsTypes.Names}");
            var shape = Shape ?? throw Missing("shape");
            if (Offsets is not [var begin, var end])
            {
                throw Offsets is null ? Missing("data_offsets") : new CheckpointException($"{file}: tensor '{name}': data_offsets has {Offsets.Length} numbers; expected 2");
            }

            if (begin > end || end > dataBytes)
            {
                throw new CheckpointException($"{file}: tensor '{name}': data_offsets are [{begin}, {end}]; expected a range within the file's {dataBytes} bytes of data");
            }

            var size = TensorExtent.SizeInBytes(shape, type);
            if (size != end - begin)
            {
                throw new CheckpointException(
                    $"{file}: tensor '{name}': data_offsets [{begin}, {end}] are {end - begin} bytes; shape [{string.Join(", ", shape)}] of {Dtype} needs {size?.ToString() ?? "a size that no file has"}");
            }

            return new StoredTensor { Name = name, Type = type, Shape = shape, FileOffset = dataStart + begin, SizeInBytes = end - begin };

            CheckpointException Missing(string key) => new($"{file}: tensor '{name}' has no '{key}'");
        }
    }
}
