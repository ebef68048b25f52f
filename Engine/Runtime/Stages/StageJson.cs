using System.Text.Json.Serialization;

namespace OrleansLM.Engine.Runtime.Stages;

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(StageHello))]
internal sealed partial class StageJson : JsonSerializerContext;
