namespace Orleans.Serialization;

/// <summary>A message that cannot be read: what was found where.</summary>
[GenerateSerializer]
internal sealed class WireFormatException(string message) : Exception(message);
