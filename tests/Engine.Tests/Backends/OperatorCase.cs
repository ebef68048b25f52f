namespace OrleansLM.Engine.Tests.Backends;

/// <summary>One row of the conformance table.</summary>
/// <param name="Name">Operator and sizes.</param>
/// <param name="Bound">Largest |found - expected| allowed, as a part of the largest |expected|. 0: the same bits.</param>
/// <param name="Run">Makes its inputs on the rig, calls the operator and returns everything that it wrote.</param>
internal sealed record OperatorCase(string Name, float Bound, Func<OperatorRig, float[]> Run);
