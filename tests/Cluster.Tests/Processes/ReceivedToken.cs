namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>A token as it came over the wire.</summary>
internal sealed record ReceivedToken(long Offset, int Id, string Text);
