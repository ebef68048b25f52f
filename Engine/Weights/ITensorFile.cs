using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights;

/// <summary>A validated checkpoint file: what it holds is known, and nothing of the tensors has been read.</summary>
public interface ITensorFile : IFileBytes, IDisposable
{
    string Path { get; }

    IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The file's bytes, mapped read-only at the first call; valid until the file is disposed.</summary>
    unsafe byte* Map();
}
