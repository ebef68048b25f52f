namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>One argument of a launch with its type, so that a wrong one is seen before the device reads it.</summary>
internal readonly struct KernelArgument
{
    private KernelArgument(KernelArgumentKind kind, long bits)
    {
        Kind = kind;
        Bits = bits;
    }

    public KernelArgumentKind Kind { get; }

    /// <summary>The value, in the low bytes; for a tensor map, where it lies.</summary>
    public long Bits { get; }

    public static implicit operator KernelArgument(ulong pointer) => new(KernelArgumentKind.Pointer, (long)pointer);

    public static implicit operator KernelArgument(int value) => new(KernelArgumentKind.Int32, value);

    public static implicit operator KernelArgument(long value) => new(KernelArgumentKind.Int64, value);

    public static implicit operator KernelArgument(TensorMap map) => new(KernelArgumentKind.TensorMap, map.Value);

    public static implicit operator KernelArgument(float value) => new(KernelArgumentKind.Float32, BitConverter.SingleToInt32Bits(value));
}
