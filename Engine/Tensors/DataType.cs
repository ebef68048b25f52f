namespace OrleansLM.Engine.Tensors;

/// <summary>Element types that the engine computes with or reads. Values are persisted (snapshots): append only.</summary>
public enum DataType
{
    Float32 = 0,
    BFloat16 = 1,
    Float16 = 2,

    /// <summary>See <see cref="Float8Bits"/>; keys and values only.</summary>
    Float8E4M3 = 3,
}
