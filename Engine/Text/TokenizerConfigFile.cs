using System.Text.Json;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>What tokenizer_config.json says about the ends of a sequence (spec §4.3). All of it may be absent.</summary>
/// <param name="AddsBos">False when the model was trained without BOS.</param>
/// <param name="BosToken">The piece; null where the file does not say.</param>
/// <param name="EosToken">The piece; null where the file does not say.</param>
internal sealed record TokenizerConfigFile(bool AddsBos, string? BosToken, string? EosToken)
{
    public const string Name = "tokenizer_config.json";

    /// <exception cref="CheckpointException">The file is there and damaged.</exception>
    public static TokenizerConfigFile Read(string directory)
    {
        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
        {
            return new TokenizerConfigFile(AddsBos: true, null, null);
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = new JsonPlace(document.RootElement, "$", path);
            return new TokenizerConfigFile(root["add_bos_token"].Flag(whenAbsent: true), TokenOf(root["bos_token"]), TokenOf(root["eos_token"]));
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>A string, or an object with a content.</summary>
    private static string? TokenOf(JsonPlace token) => token switch
    {
        { IsNull: true } => null,
        { Value.ValueKind: JsonValueKind.Object } => token["content"].Text(),
        _ => token.Text(),
    };
}
