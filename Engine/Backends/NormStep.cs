namespace OrleansLM.Engine.Backends;

/// <summary>The RMS norm that products begin with.</summary>
/// <param name="Weight">[C]</param>
/// <param name="Epsilon">Of the model.</param>
/// <param name="Output">[T, C], of the backend's activation type: where the norm goes when it is not kept on the way.</param>
public readonly record struct NormStep(Weight Weight, float Epsilon, Matrix Output);
