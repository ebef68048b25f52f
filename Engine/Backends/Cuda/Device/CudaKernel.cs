using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>A kernel with the types of its arguments. A launch with other ones is refused, and one that fails is named with its shape and arguments.</summary>
internal sealed unsafe class CudaKernel(CudaModule module, nint function, string name, KernelArgumentKind[] signature)
{
    private const int MaxDynamicShared = 8;
    private const int DefaultShared = 48 * 1024;
    private const int MaxArguments = 48;
    private int _sharedBytes = DefaultShared;

    public string Name { get; } = name;

    private CudaContext Context => module.Context;

    /// <summary>Queues the kernel.</summary>
    /// <exception cref="ArgumentException">Another count or type of arguments than the kernel's.</exception>
    /// <exception cref="CudaException">The driver refused; the message has kernel, shape and arguments.</exception>
    public void Launch(CudaStream stream, LaunchShape shape, params ReadOnlySpan<KernelArgument> arguments)
    {
        if (shape.GridX == 0 || shape.GridY == 0 || shape.GridZ == 0)
        {
            return;
        }

        Require(arguments);
        Context.MakeCurrent();
        Reserve(shape.SharedBytes);
        var values = stackalloc long[MaxArguments];
        var pointers = stackalloc void*[MaxArguments];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i].Bits;
            pointers[i] = arguments[i].Kind == KernelArgumentKind.TensorMap ? (void*)arguments[i].Bits : values + i;
        }

        var overlap = new LaunchAttribute { Id = LaunchAttribute.ProgrammaticStreamSerialization, Value = 1 };
        var config = new LaunchConfig
        {
            GridX = (uint)shape.GridX,
            GridY = (uint)shape.GridY,
            GridZ = (uint)shape.GridZ,
            BlockX = (uint)shape.Threads,
            BlockY = 1,
            BlockZ = 1,
            SharedBytes = (uint)shape.SharedBytes,
            Stream = stream.Value,
            Attributes = &overlap,
            AttributeCount = shape.Overlapped ? 1u : 0,
        };
        var status = Context.Driver.LaunchKernelEx(&config, function, pointers, null);
        if (status != 0)
        {
            Context.Driver.Check(status, "cuLaunchKernelEx", Describe(shape, arguments));
        }
    }

    /// <summary>Compares the declared signature with the compiled one, where the driver can tell.</summary>
    public void RequireCompiledSignature()
    {
        if (Context.Driver.FuncGetParamInfo is null)
        {
            return;
        }

        nuint offset, size;
        for (var i = 0; i < signature.Length; i++)
        {
            var status = Context.Driver.FuncGetParamInfo(function, (nuint)i, &offset, &size);
            var expected = KernelSignature.SizeOf(signature[i]);
            if (status != 0 || (int)size != expected)
            {
                throw new ArgumentException($"kernel {Name}: argument {i} is declared {signature[i]}; the compiled kernel has {(status == 0 ? $"{size} bytes there" : "none there")}");
            }
        }

        if (Context.Driver.FuncGetParamInfo(function, (nuint)signature.Length, &offset, &size) == 0)
        {
            throw new ArgumentException($"kernel {Name}: {signature.Length} arguments are declared; the compiled kernel has more");
        }
    }

    private void Require(ReadOnlySpan<KernelArgument> arguments) => KernelSignature.Require(Name, signature, arguments);

    private void Reserve(int sharedBytes)
    {
        if (sharedBytes > _sharedBytes)
        {
            Context.Driver.Check(
                Context.Driver.FuncSetAttribute(function, MaxDynamicShared, sharedBytes), "cuFuncSetAttribute", $"kernel {Name}: {sharedBytes} bytes of shared memory");
            _sharedBytes = sharedBytes;
        }
    }

    private string Describe(LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        var values = new List<string>();
        foreach (var argument in arguments)
        {
            values.Add(argument.Kind switch
            {
                KernelArgumentKind.Pointer => $"0x{argument.Bits:x}",
                KernelArgumentKind.Float32 => $"{BitConverter.Int32BitsToSingle((int)argument.Bits)}",
                _ => $"{argument.Bits}",
            });
        }

        return $"kernel {Name}, {shape}, arguments {string.Join(", ", values)}";
    }
}
