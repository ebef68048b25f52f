namespace OrleansLM.Engine.Sampling;

/// <summary>Which tokens are kept: those that weigh more than <paramref name="Last"/>, and of those that weigh just as much the first <paramref name="Ties"/> by id.</summary>
internal readonly record struct Cutoff(float Last, int Ties);
