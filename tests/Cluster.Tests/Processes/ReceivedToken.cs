namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>A token as it came over the wire. <paramref name="LogProbs"/>: its log-probability and those of its alternatives, bit for bit; empty when none came.</summary>
internal sealed record ReceivedToken(long Offset, int Id, string Text, string LogProbs);
