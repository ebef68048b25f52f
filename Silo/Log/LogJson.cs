using System.Text.Json.Serialization;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>JSON columns of the log.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TurnParameters))]
[JsonSerializable(typeof(SamplingSettings))]
[JsonSerializable(typeof(TurnCommand))]
[JsonSerializable(typeof(StopSettings))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class LogJson : JsonSerializerContext;
