using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Numbers by which the plain kernels know element types.</summary>
internal static class TypeCode
{
    public static int Of(DataType type) => type switch
    {
        DataType.Float32 => 0,
        DataType.BFloat16 => 1,
        DataType.Float16 => 2,
        DataType.Float8E4M3 => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected Float32, BFloat16, Float16 or Float8E4M3"),
    };
}
