using System.Net;

namespace Orleans.Runtime.Messaging;

/// <summary>Where a silo listens for silos, and for clients; null for no clients.</summary>
internal sealed record TransportEndpoints(IPEndPoint Silos, IPEndPoint? Clients);
