using System.Text.Json;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Reads the reference values in tests/golden.</summary>
internal static class GoldenFile
{
    public static JsonElement Read(string name)
    {
        using var stream = File.OpenRead(TestFiles.Golden(name));
        return JsonDocument.Parse(stream).RootElement.Clone();
    }

    /// <summary>A random model whose config lies in its golden file.</summary>
    public static Checkpoint OpenRandom(string name)
    {
        var config = JsonSerializer.SerializeToUtf8Bytes(Read($"{name}.golden.json").GetProperty("config"));
        return Checkpoint.Over(name, ConfigReader.Parse(config, $"{name}.golden.json", new CheckpointOptions()), [TestFiles.Golden($"{name}.safetensors")]);
    }

    public static int[] Ints(this JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetInt32())];

    public static float[] Singles(this JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetSingle())];

    public static double[] Doubles(this JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetDouble())];

    public static float[][] Rows(this JsonElement element) => [.. element.EnumerateArray().Select(row => row.Singles())];
}
