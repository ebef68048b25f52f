using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>Opens the tokenizer of a model folder.</summary>
public static class ModelTokenizers
{
    public const string ModelFile = "tokenizer.model";

    public const string JsonFile = "tokenizer.json";

    /// <summary>From tokenizer.model, else from tokenizer.json; tokenizer_config.json may say that the model takes no BOS.</summary>
    /// <exception cref="CheckpointException">Neither file is there, or the file is damaged or uses something that is not supported.</exception>
    public static ModelTokenizer Open(string directory)
    {
        var config = TokenizerConfigFile.Read(directory);
        var model = Path.Combine(directory, ModelFile);
        if (File.Exists(model))
        {
            return SentencePieceFile.Open(model, config);
        }

        var json = Path.Combine(directory, JsonFile);
        if (File.Exists(json))
        {
            return TokenizerJsonFile.Open(json, config);
        }

        throw new CheckpointException($"{directory} has no tokenizer: expected {ModelFile} or {JsonFile}");
    }
}
