namespace Orleans.Runtime.Membership;

/// <summary>A silo could not reach another one, at this time (UTC).</summary>
[GenerateSerializer, Immutable]
internal sealed record SuspicionVote(SiloAddress Voter, DateTime Time);
