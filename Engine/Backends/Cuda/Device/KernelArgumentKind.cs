namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Types that a kernel's arguments can have.</summary>
internal enum KernelArgumentKind
{
    Pointer,
    Int32,
    Int64,
    Float32,
    TensorMap,
}
