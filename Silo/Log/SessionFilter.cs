namespace OrleansLM.Silo.Log;

/// <summary>Which sessions to list; null takes all.</summary>
public sealed record SessionFilter(string? Tenant = null, string? Model = null);
