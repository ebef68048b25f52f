using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansLM.Cli.Generate;

[JsonSerializable(typeof(GenerateResult))]
internal sealed partial class GenerateJson : JsonSerializerContext
{
    /// <summary>Text stays readable: the output is for programs and terminals, not for web pages.</summary>
    private static readonly GenerateJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Write(GenerateResult result) => JsonSerializer.Serialize(result, Readable.GenerateResult);
}
