using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>A message that waits to be sent, with its bytes; no message for a sign between transports.</summary>
internal readonly record struct Outgoing(Message? Message, WireWriter Frame);
