using System.Text.Json.Serialization;

namespace OrleansLM.Silo.Archives;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ArchiveHeader))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
