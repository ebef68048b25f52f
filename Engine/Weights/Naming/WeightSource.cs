namespace OrleansLM.Engine.Weights.Naming;

/// <summary>Where a weight stands in a checkpoint: rows [<paramref name="FirstRow"/>, + the weight's own rows) of the tensor <paramref name="Name"/>.</summary>
/// <param name="Name">The tensor's name in the files.</param>
/// <param name="Stored">The shape that the whole tensor must have.</param>
/// <param name="FirstRow">0 unless the tensor is a fused one.</param>
internal sealed record WeightSource(string Name, WeightShape Stored, int FirstRow = 0);
