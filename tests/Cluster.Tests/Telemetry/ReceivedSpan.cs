namespace OrleansLM.Cluster.Tests.Telemetry;

/// <summary>A span as a collector gets it; ids in hexadecimal.</summary>
internal sealed record ReceivedSpan(string Source, string Name, string Trace, string Id, string Parent, TimeSpan Duration);
