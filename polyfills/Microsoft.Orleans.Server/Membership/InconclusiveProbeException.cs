namespace Orleans.Runtime.Membership;

/// <summary>A probe says nothing about the silo that was probed.</summary>
internal sealed class InconclusiveProbeException(string message) : Exception(message);
