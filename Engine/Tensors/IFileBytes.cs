namespace OrleansLM.Engine.Tensors;

/// <summary>The bytes of an open file.</summary>
public interface IFileBytes
{
    /// <summary>Fills <paramref name="destination"/> with the bytes from <paramref name="offset"/> on. Any thread.</summary>
    /// <exception cref="Weights.CheckpointException">The file ends before, or cannot be read.</exception>
    void Read(long offset, Span<byte> destination);
}
