namespace OrleansLM.Engine.Weights;

/// <summary>Element types that a checkpoint file may hold. The engine computes with three of them (<see cref="StoredTypes.ToDataType"/>).</summary>
public enum StoredType
{
    Bool,
    UInt8,
    Int8,
    Float4,
    Float6E2M3,
    Float6E3M2,
    Float8E5M2,
    Float8E4M3,
    Float8E5M2Fnuz,
    Float8E4M3Fnuz,
    Float8E8M0,
    Int16,
    UInt16,
    Float16,
    BFloat16,
    Int32,
    UInt32,
    Float32,
    Complex64,
    Float64,
    Int64,
    UInt64,
    Complex128,
}
