namespace OrleansLM.Engine.Weights.Safetensors;

/// <summary>The dtype names of safetensors headers.</summary>
internal static class SafetensorsTypes
{
    public const string Names = "BF16, F16, F32, F64, F8_E4M3, F8_E5M2, F8_E4M3FNUZ, F8_E5M2FNUZ, F8_E8M0, F6_E2M3, F6_E3M2, F4, I8, I16, I32, I64, U8, U16, U32, U64, C64, BOOL";

    public static StoredType? Parse(string name) => name switch
    {
        "BF16" => StoredType.BFloat16,
        "F16" => StoredType.Float16,
        "F32" => StoredType.Float32,
        "F64" => StoredType.Float64,
        "F8_E4M3" => StoredType.Float8E4M3,
        "F8_E5M2" => StoredType.Float8E5M2,
        "F8_E4M3FNUZ" => StoredType.Float8E4M3Fnuz,
        "F8_E5M2FNUZ" => StoredType.Float8E5M2Fnuz,
        "F8_E8M0" => StoredType.Float8E8M0,
        "F6_E2M3" => StoredType.Float6E2M3,
        "F6_E3M2" => StoredType.Float6E3M2,
        "F4" => StoredType.Float4,
        "I8" => StoredType.Int8,
        "I16" => StoredType.Int16,
        "I32" => StoredType.Int32,
        "I64" => StoredType.Int64,
        "U8" => StoredType.UInt8,
        "U16" => StoredType.UInt16,
        "U32" => StoredType.UInt32,
        "U64" => StoredType.UInt64,
        "C64" => StoredType.Complex64,
        "BOOL" => StoredType.Bool,
        _ => null,
    };
}
