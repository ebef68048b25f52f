using System.Net;

namespace OrleansLM.LocalCluster.Network;

/// <summary>A machine as far as the network goes: a network namespace with a loopback interface and one port of the switch.</summary>
/// <param name="Address">Its only address beside loopback.</param>
/// <param name="Port">Its port's name at the switch.</param>
/// <param name="Keeper">The process that keeps the namespace.</param>
public sealed record NetworkHost(IPAddress Address, string Port, NamespaceKeeper Keeper);
