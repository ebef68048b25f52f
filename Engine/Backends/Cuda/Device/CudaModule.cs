using System.Text;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Machine code of some kernels, loaded into a context.</summary>
internal sealed unsafe class CudaModule(CudaContext context, string name, byte[] code) : CudaHandle(context, Load(context, name, code))
{
    public string Name { get; } = name;

    /// <param name="entry">Name in the file.</param>
    /// <param name="signature">A letter for each argument: p pointer, i int, l long, f float, t tensor map.</param>
    /// <summary>The kernel of that name, held to the signature: count and sizes of the arguments that it was compiled with must be the same.</summary>
    public CudaKernel Kernel(string entry, string signature)
    {
        nint function;
        fixed (byte* text = Encoding.UTF8.GetBytes(entry + '\0'))
        {
            Context.MakeCurrent();
            Context.Driver.Check(Context.Driver.ModuleGetFunction(&function, Value, text), "cuModuleGetFunction", $"{entry} of {Name}");
        }

        var kernel = new CudaKernel(this, function, entry, KernelSignature.Parse(signature));
        kernel.RequireCompiledSignature();
        return kernel;
    }

    protected override int Free(nint value) => Context.Driver.ModuleUnload(value);

    private static nint Load(CudaContext context, string name, byte[] code)
    {
        context.MakeCurrent();
        nint module;
        fixed (byte* data = code)
        {
            context.Driver.Check(context.Driver.ModuleLoadData(&module, data), "cuModuleLoadData", $"{name}, {code.Length} bytes, device {context.Info.Ordinal}");
        }

        return module;
    }
}
