namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Where the table of silos is.</summary>
public sealed record ClusterDatabase(string Invariant, string ConnectionString);
