namespace OrleansLM.Engine.Tensors;

/// <summary>Sizes of <see cref="DataType"/>.</summary>
public static class DataTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeInBytes(this DataType type) => type switch
    {
        DataType.Float32 => 4,
        DataType.BFloat16 or DataType.Float16 => 2,
        DataType.Float8E4M3 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected Float32, BFloat16, Float16 or Float8E4M3"),
    };
}
