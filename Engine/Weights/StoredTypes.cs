using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights;

/// <summary>Sizes of <see cref="StoredType"/> and which of them the engine reads.</summary>
public static class StoredTypes
{
    public static int SizeInBits(this StoredType type) => type switch
    {
        StoredType.Float4 => 4,
        StoredType.Float6E2M3 or StoredType.Float6E3M2 => 6,
        StoredType.Int16 or StoredType.UInt16 or StoredType.Float16 or StoredType.BFloat16 => 16,
        StoredType.Int32 or StoredType.UInt32 or StoredType.Float32 => 32,
        StoredType.Complex64 or StoredType.Float64 or StoredType.Int64 or StoredType.UInt64 => 64,
        StoredType.Complex128 => 128,
        _ => 8,
    };

    /// <summary>Null for a type that the engine does not compute with.</summary>
    public static DataType? ToDataType(this StoredType type) => type switch
    {
        StoredType.Float32 => DataType.Float32,
        StoredType.BFloat16 => DataType.BFloat16,
        StoredType.Float16 => DataType.Float16,
        _ => null,
    };
}
