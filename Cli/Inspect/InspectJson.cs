using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansLM.Cli.Inspect;

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(InspectReport))]
internal sealed partial class InspectJson : JsonSerializerContext
{
    public static string Write(InspectReport report) => JsonSerializer.Serialize(report, Default.InspectReport);
}
