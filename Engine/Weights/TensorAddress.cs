namespace OrleansLM.Engine.Weights;

/// <summary>Where a tensor's rows lie in memory, and whether that is the mapped file itself.</summary>
internal readonly unsafe struct TensorAddress(byte* data, bool isMapped)
{
    public readonly byte* Data = data;

    public bool IsMapped { get; } = isMapped;
}
