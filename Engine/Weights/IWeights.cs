using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights;

/// <summary>The weights of one model, mapped read-only; tensors are valid until it is disposed.</summary>
public interface IWeights : IDisposable
{
    /// <summary>The tensor of <paramref name="id"/>, its shape already checked against the model's config. Vectors come as [1, n].</summary>
    /// <exception cref="CheckpointException">The checkpoint has no such tensor, or one of another shape or type.</exception>
    HostTensor Get(WeightId id);

    /// <summary>Size of the whole checkpoint's tensors.</summary>
    long TotalBytes { get; }
}
