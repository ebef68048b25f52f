namespace OrleansLM.Engine.Weights;

/// <summary>One tensor as a checkpoint file describes it. Offsets and sizes have been held against the file's length.</summary>
public sealed record StoredTensor
{
    public required string Name { get; init; }

    public required StoredType Type { get; init; }

    /// <summary>Empty for a scalar. The product does not exceed the elements that the file holds.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Elements to step for one more in each dimension; null when the tensor is contiguous and row-major.</summary>
    public IReadOnlyList<long>? Strides { get; init; }

    /// <summary>Where element [0, 0, …] lies, in bytes from the start of the file.</summary>
    public required long FileOffset { get; init; }

    /// <summary>Bytes of the elements, without gaps.</summary>
    public required long SizeInBytes { get; init; }

    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);

    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
