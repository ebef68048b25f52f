using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansLM.Cli.Perplexity;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PerplexityReport))]
internal sealed partial class PerplexityJson : JsonSerializerContext
{
    public static string Write(PerplexityReport report) => JsonSerializer.Serialize(report, Default.PerplexityReport);
}
