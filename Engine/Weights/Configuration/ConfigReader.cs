using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>config.json of the known families → <see cref="ModelConfig"/>. Unknown keys are ignored; a wrong or missing one is named.</summary>
public static class ConfigReader
{
    public const string FileName = "config.json";
    public const string GenerationFileName = "generation_config.json";
    private const int MaxBytes = 16 << 20;
    private const string KnownFamilies = "llama, mistral, openlm";

    /// <summary>Reads the folder's config.json and, where there is one, generation_config.json.</summary>
    public static CheckpointConfig Read(string directory, CheckpointOptions options)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            throw new CheckpointException($"{directory}: there is no {FileName}; expected a model folder with {FileName} and its weight files");
        }

        using var config = JsonText.ReadObject(path, MaxBytes);
        var generationPath = Path.Combine(directory, GenerationFileName);
        using var generation = File.Exists(generationPath) ? JsonText.ReadObject(generationPath, MaxBytes) : null;
        return Read(
            new ConfigSection(config.RootElement, path),
            generation is null ? null : new ConfigSection(generation.RootElement, generationPath),
            options);
    }

    /// <summary>Parses the text of a config.json; <paramref name="source"/> names it in errors.</summary>
    public static CheckpointConfig Parse(ReadOnlyMemory<byte> json, string source, CheckpointOptions options)
    {
        using var document = JsonText.ParseObject(json, source);
        return Read(new ConfigSection(document.RootElement, source), null, options);
    }

    private static CheckpointConfig Read(ConfigSection config, ConfigSection? generation, CheckpointOptions options)
    {
        config.Require("quantization_config", "quantised checkpoints are not read");
        var warnings = new List<string>();
        var family = config.OptionalText("model_type") ?? throw config.Missing("model_type", $"one of {KnownFamilies}");
        var model = family switch
        {
            "llama" => TransformersConfig.Read(config, ModelFamily.Llama, options, warnings),
            "mistral" => TransformersConfig.Read(config, ModelFamily.Mistral, options, warnings),
            "openlm" => OpenLmConfig.Read(config, options),
            _ => throw config.Wrong("model_type", $"one of {KnownFamilies}"),
        };
        return new CheckpointConfig
        {
            Model = WithTokens(model, config, generation),
            DeclaredType = DeclaredType(config),
            Warnings = warnings,
        };
    }

    /// <summary>generation_config.json, where it says something, wins: it is what generation uses.</summary>
    private static ModelConfig WithTokens(ModelConfig model, ConfigSection config, ConfigSection? generation)
    {
        var last = model.VocabularySize - 1;
        var eos = generation?.OptionalInts("eos_token_id", 0, last) ?? config.OptionalInts("eos_token_id", 0, last) ?? [.. model.EosTokenIds];
        var bos = generation?.OptionalInt("bos_token_id", 0, last) ?? config.OptionalInt("bos_token_id", 0, last) ?? model.BosTokenId;
        return model with { EosTokenIds = [.. eos.Distinct()], BosTokenId = bos };
    }

    private static DataType? DeclaredType(ConfigSection config) => (config.OptionalText("dtype") ?? config.OptionalText("torch_dtype")) switch
    {
        "float32" => DataType.Float32,
        "bfloat16" => DataType.BFloat16,
        "float16" => DataType.Float16,
        _ => null,
    };
}
