namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Holds the arguments of a launch to the types that a kernel declares.</summary>
internal static class KernelSignature
{
    /// <summary>A letter for each argument: p pointer, i int, l long, f float, t tensor map.</summary>
    public static KernelArgumentKind[] Parse(string letters) => [.. letters.Select(letter => letter switch
    {
        'p' => KernelArgumentKind.Pointer,
        'i' => KernelArgumentKind.Int32,
        'l' => KernelArgumentKind.Int64,
        'f' => KernelArgumentKind.Float32,
        't' => KernelArgumentKind.TensorMap,
        _ => throw new ArgumentException($"signature {letters}: '{letter}' found, one of p i l f t expected"),
    })];

    /// <summary>Bytes of an argument.</summary>
    public static int SizeOf(KernelArgumentKind kind) => kind switch
    {
        KernelArgumentKind.TensorMap => TensorMap.Bytes,
        KernelArgumentKind.Pointer or KernelArgumentKind.Int64 => 8,
        _ => 4,
    };

    /// <exception cref="ArgumentException">Names the kernel, the argument, what was found and what was expected.</exception>
    public static void Require(string kernel, ReadOnlySpan<KernelArgumentKind> signature, ReadOnlySpan<KernelArgument> arguments)
    {
        if (arguments.Length != signature.Length)
        {
            throw new ArgumentException($"kernel {kernel}: {arguments.Length} arguments found, {signature.Length} expected");
        }

        for (var i = 0; i < signature.Length; i++)
        {
            if (arguments[i].Kind != signature[i])
            {
                throw new ArgumentException($"kernel {kernel}: argument {i} is {arguments[i].Kind}, {signature[i]} expected");
            }
        }
    }
}
