namespace Orleans.Runtime.Messaging;

/// <summary>A gateway's endpoint with the silo's generation (0: any), and whether it takes new requests; one that does not may still answer earlier ones.</summary>
internal sealed record GatewayEntry(SiloAddress Address, bool IsActive);
